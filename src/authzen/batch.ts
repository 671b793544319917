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

export const MAX_EVALUATIONS = 5_000

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
  if (evaluations.length > MAX_EVALUATIONS)
    throw malformed(`\`evaluations\` may have at most ${MAX_EVALUATIONS}`)
  const defaults = readDefaults(body)
  return {
    single: false,
    semantic,
    questions: evaluations.map((item: Json, i) => readItem(item, defaults, i)),
  }
}

/** Each is read once and judged where an item uses it: a default that no item uses can be anything. */
interface Defaults {
  readonly subject: () => Question['subject']
  readonly action: () => Question['action']
  readonly resource: () => Question['resource']
  readonly context: () => Question['context']
}

function readDefaults(body: JsonObject): Defaults {
  return {
    subject: once(() => readEntity(body.get('subject'), 'subject')),
    action: once(() => readAction(body.get('action'))),
    resource: once(() => readEntity(body.get('resource'), 'resource')),
    context: once(() => readContext(body.get('context'))),
  }
}

/** A mistake counts as often as it is used, and is found once. */
function once<T>(read: () => T): () => T {
  let found: { readonly value: T } | Problem | undefined
  return () => {
    found ??= reading(() => ({ value: read() }))
    if (found instanceof Problem) throw found
    return found.value
  }
}

/** A member that is there replaces the default whole. */
function readItem(item: Json, defaults: Defaults, i: number): Question | Problem {
  if (!isObject(item)) throw malformed(`\`evaluations[${i}]\` has to be an object`)
  return reading(() => ({
    subject: item.has('subject') ? readEntity(item.get('subject'), 'subject') : defaults.subject(),
    action: item.has('action') ? readAction(item.get('action')) : defaults.action(),
    resource: item.has('resource')
      ? readEntity(item.get('resource'), 'resource')
      : defaults.resource(),
    context: item.has('context') ? readContext(item.get('context')) : defaults.context(),
  }))
}

function reading<T>(read: () => T): T | Problem {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
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
