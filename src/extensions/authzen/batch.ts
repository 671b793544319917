import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { onProblem } from '../../platform/lib/problem.ts'
import type { Decision } from './answer.ts'
import { type Question, readAction, readContext, readEntity, readQuestion } from './question.ts'
import { malformedRequest } from './read-request.ts'

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantic = (typeof SEMANTICS)[number]

/** Questions of one request: one by itself, or several. */
export type Batch =
  | { readonly single: true; readonly questions: readonly [Question] }
  | {
      readonly single: false
      readonly semantic: Semantic
      readonly items: readonly BatchItem[]
    }

/** One question of several; or its answer, where it is wrong. That concerns no other question. */
export type BatchItem = { readonly question: Question } | { readonly answer: Decision }

/** Handler for `catch`: the fault of a question is its answer. */
export const asMistake = onProblem(
  (error): Decision => ({ permitted: false, reason: error.code, error }),
)

export const MAX_EVALUATIONS = 5_000

/**
 * Reads an Access Evaluations request. Without `evaluations`, or with none in it, it is a single evaluation.
 * @throws Problem `evaluation.malformed` for a fault of the request as a whole
 */
export function readBatch(body: JsonObject): Batch {
  const evaluations = body.get('evaluations')
  if (evaluations !== undefined && !Array.isArray(evaluations))
    throw malformedRequest('`evaluations` has to be a list')
  const semantic = readSemantic(body.get('options'))
  if (evaluations === undefined || evaluations.length === 0)
    return { single: true, questions: [readQuestion(body)] }
  if (evaluations.length > MAX_EVALUATIONS)
    throw malformedRequest(`\`evaluations\` may have at most ${MAX_EVALUATIONS}`)
  const defaults = readDefaults(body)
  return {
    single: false,
    semantic,
    items: evaluations.map((item: Json, i) => readItem(item, defaults, i)),
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
  let again: (() => T) | undefined
  return () => {
    again ??= outcomeOf(read)
    return again()
  }
}

/** Reads, and answers a function that does again what came of it. */
function outcomeOf<T>(read: () => T): () => T {
  try {
    const value = read()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** A member that is there replaces the default whole. */
function readItem(item: Json, defaults: Defaults, i: number): BatchItem {
  if (!isObject(item)) throw malformedRequest(`\`evaluations[${i}]\` has to be an object`)
  const { action, context, resource, subject } = defaults
  try {
    const question = {
      subject: item.has('subject') ? readEntity(item.get('subject'), 'subject') : subject(),
      action: item.has('action') ? readAction(item.get('action')) : action(),
      resource: item.has('resource') ? readEntity(item.get('resource'), 'resource') : resource(),
      context: item.has('context') ? readContext(item.get('context')) : context(),
    }
    return { question }
  } catch (error) {
    return { answer: asMistake(error) }
  }
}

function readSemantic(options: Json | undefined): Semantic {
  if (options === undefined || options === null) return 'execute_all'
  if (!isObject(options)) throw malformedRequest('`options` has to be an object')
  const said = options.get('evaluations_semantic') ?? 'execute_all'
  const semantic = SEMANTICS.find((known) => known === said)
  if (!semantic)
    throw malformedRequest(
      `\`options.evaluations_semantic\` has to be one of ${SEMANTICS.join(', ')}`,
    )
  return semantic
}
