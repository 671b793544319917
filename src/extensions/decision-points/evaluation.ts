import type { EvaluatedSubject } from '../../calls/calls/index.ts'
import { argumentTexts } from '../../identity/tokens/index.ts'
import { isObject, type Json, parseJson } from '../../platform/lib/json.ts'
import type { Call } from '../../tasks/facts/index.ts'

/**
 * A call as an AuthZEN Authorization API 1.0 evaluation request; docs/decision-points.md has it as a table.
 * INVARIANT: token, proof, headers, body and credentials are not among it. Arguments only as the catalog types them, and only where the
 * decision point is to have them.
 */
export function evaluationRequest(
  { at, call, decisionId, held, risk, setting }: EvaluatedSubject,
  sendsArguments: boolean,
): Readonly<Record<string, unknown>> {
  const { chain, task } = held
  const { attributes, email, groups, id, issuer, subject } = setting.person
  return {
    subject: {
      type: 'person',
      id,
      properties: {
        ...{ issuer, subject, groups },
        ...(email === undefined ? {} : { email }),
        ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      },
    },
    action: { name: call.action.name, properties: { access: call.action.access } },
    resource: {
      type: 'resource',
      id: call.resource.name,
      properties: { location: call.resource.identifier },
    },
    context: {
      agent: { id: task.agentId, trust: setting.agents[0]?.trust ?? 0 },
      chain,
      ...(task.actors.length === 0 ? {} : { actors: task.actors }),
      sponsored: task.sponsored,
      task: { id: task.id, purpose: task.purpose },
      ...(sendsArguments ? { arguments: sentArguments(call) } : {}),
      risk: {
        class: risk.inputs.class,
        score: risk.score,
        signals: risk.signals.map(({ name }) => name),
      },
      time: new Date(at).toISOString(),
      decision_id: decisionId,
    },
  }
}

function sentArguments(call: Call) {
  return argumentTexts(call.arguments)
}

export type PointAnswer =
  | { readonly decision: boolean; readonly note?: string }
  /** Words on why it is no answer. */
  | { readonly failed: string }

const MAX_NOTE = 500
/** An answer says yes or no, and a few words. */
export const MAX_ANSWER_BYTES = 64 * 1024
const MAX_DEPTH = 32

/**
 * Reads the answer of a decision point strictly.
 * INVARIANT: `true` and nothing else is a permit; one that requires something of us that we would
 * not do is none.
 */
export function readEvaluation(body: Uint8Array): PointAnswer {
  let answer: Json
  try {
    answer = parseJson(body, { bytes: MAX_ANSWER_BYTES, depth: MAX_DEPTH })
  } catch {
    return { failed: 'what it answered cannot be read' }
  }
  const decision = isObject(answer) ? answer.get('decision') : undefined
  if (typeof decision !== 'boolean' || !isObject(answer))
    return { failed: 'what it answered is no decision' }
  const context = answer.get('context')
  if (decision && requires(context))
    return { failed: 'it permits under obligations that cannot be met here' }
  const note = context === undefined ? undefined : JSON.stringify(plainEvaluation(context))
  return { decision, ...(note === undefined ? {} : { note: note.slice(0, MAX_NOTE) }) }
}

/** Checks for obligations (AuthZEN): a caller that cannot carry out all of them treats the permit as a denial. */
function requires(context: Json | undefined): boolean {
  if (!isObject(context)) return context !== undefined && context !== null
  const obligations = context.get('obligations')
  return obligations !== undefined && !(Array.isArray(obligations) && obligations.length === 0)
}

function plainEvaluation(json: Json): unknown {
  if (isObject(json))
    return Object.fromEntries(Array.from(json, ([name, value]) => [name, plainEvaluation(value)]))
  if (Array.isArray(json)) return json.map((item: Json) => plainEvaluation(item))
  return typeof json === 'object' && json !== null && 'text' in json ? json.text : json
}
