import { isObject, type Json, type JsonObject } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { type Question, readAction, readContext, readEntity, readQuestion } from './question.ts'
import { malformed } from './read-request.ts'

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantic = (typeof SEMANTICS)[number]

/** What one request asks: a question by itself, or several. */
export type Batch =
  | { readonly single: true; readonly questions: readonly [Question] }
  | {
      readonly single: false
      readonly semantic: Semantic
      /** In order. What is wrong with one question is its answer, and concerns no other. */
      readonly questions: readonly (Question | Problem)[]
    }

export const MOST_EVALUATIONS = 5_000

/**
 * Reads an Access Evaluations request. Without `evaluations`, or with none in it, it is a single evaluation.
 * @throws Problem `evaluation.malformed` for what is wrong with the request as a whole
 */
export function readBatch(body: JsonObject): Batch {
  const evaluations = body.get('evaluations')
  if (evaluations !== undefined && !Array.isArray(evaluations))
    throw malformed('`evaluations` has to be a list')
  const semantic = readSemantic(body.get('options'))
  if (evaluations === undefined || evaluations.length === 0)
    return { single: true, questions: [readQuestion(body)] }
  if (evaluations.length > MOST_EVALUATIONS)
    throw malformed(`\`evaluations\` may have at most ${MOST_EVALUATIONS}`)
  const defaults = readDefaults(body)
  return {
    single: false,
    semantic,
    questions: evaluations.map((item: Json, i) => readItem(item, defaults, i)),
  }
}

type Defaults = Partial<Question>

/** What is there has to be right, whether or not a question needs it. */
function readDefaults(body: JsonObject): Defaults {
  const [subject, action, resource] = ['subject', 'action', 'resource'].map((name) =>
    body.get(name),
  )
  return {
    ...(subject === undefined ? {} : { subject: readEntity(subject, 'subject') }),
    ...(action === undefined ? {} : { action: readAction(action) }),
    ...(resource === undefined ? {} : { resource: readEntity(resource, 'resource') }),
    context: readContext(body.get('context')),
  }
}

/** A member that is there replaces the default whole. */
function readItem(item: Json, defaults: Defaults, i: number): Question | Problem {
  if (!isObject(item)) throw malformed(`\`evaluations[${i}]\` has to be an object`)
  try {
    return {
      subject: (!item.has('subject') && defaults.subject) || entityAt(item, 'subject'),
      action: (!item.has('action') && defaults.action) || actionAt(item),
      resource: (!item.has('resource') && defaults.resource) || entityAt(item, 'resource'),
      context: item.has('context') ? readContext(item.get('context')) : defaults.context,
    }
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

function entityAt(from: JsonObject, name: 'subject' | 'resource'): Question['subject'] {
  return readEntity(from.get(name), name)
}

function actionAt(from: JsonObject): Question['action'] {
  return readAction(from.get('action'))
}

function readSemantic(options: Json | undefined): Semantic {
  if (options === undefined || options === null) return 'execute_all'
  if (!isObject(options)) throw malformed('`options` has to be an object')
  const said = options.get('evaluations_semantic') ?? 'execute_all'
  const semantic = SEMANTICS.find((known) => known === said)
  if (!semantic)
    throw malformed(`\`options.evaluations_semantic\` has to be one of ${SEMANTICS.join(', ')}`)
  return semantic
}
