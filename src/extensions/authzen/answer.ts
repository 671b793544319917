import type { Obligation } from '@remit/engine'
import type { EvaluatedCall } from '../../calls/calls/index.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import { issuanceOf } from './issuance/shaping.ts'
import { obligationsOf, stepUpObligations } from './obligations.ts'
import type { TokenShape } from './token-pdp/index.ts'

/** The answer to one question, of any kind of decision. */
export interface Decision {
  readonly permitted: boolean
  /** A stable code of docs/problems; `permitted` of a permit. */
  readonly reason: string
  /** Words fit for the enforcement point and the agent: no policy text, nothing about other people. */
  readonly detail?: string | undefined
  /** Requirement that would have been enough. */
  readonly enough?: string | undefined
  /** Obligations along with a permit. */
  readonly obligations?: readonly Obligation[] | undefined
  /** Sign-in that the person would need. */
  readonly stepUp?: EvaluatedCall['stepUp']
  /** True when the enforcement point can bring the person to it. */
  readonly bringsStepUp?: boolean
  /** Way to have people asked about it (ARAP, Requestable Denial Context). */
  readonly requestable?: RequestableOffer | undefined
  /** Approval that lifted the denial. */
  readonly approval?: EvaluatedCall['approval']
  /** Reason why the shown approval did not lift it. */
  readonly unhelped?: EvaluatedCall['unhelped']
  /** Limits of a token that may be issued, where that was asked about. */
  readonly issuance?: TokenShape | undefined
  /** Problem with the question itself. */
  readonly error?: Problem | undefined
}

export interface RequestableOffer {
  /** Endpoint at which people can be asked. */
  readonly endpoint: string
  /** Epoch milliseconds. */
  readonly until: number
  /** Makes the binding token of the denial that has this id. */
  readonly tokenOf: (evaluationId: string) => string
}

/**
 * The body of an answer, and the id of its record. The id goes into a header: bodies of batches and searches are the same for the same
 * question, so that callers can compare and keep them.
 */
export interface AnswerBody {
  readonly text: string
  readonly evaluationId: string
}

/** Values that every answer of a request has in common. */
export interface AnswerContext {
  /** Id of the record, and of the decision where there is one of its own. */
  readonly evaluationId: string
  readonly at: number
}

/** Something that is said beside a decision: members of its `context`. */
export type ContextWriter = (
  answer: Decision,
  about: AnswerContext,
) => Readonly<Record<string, unknown>> | undefined

/** Sayings in this order; later ones win. Profiles add theirs here. */
export const SAYINGS: readonly ContextWriter[] = [
  identity,
  reasons,
  errors,
  obligations,
  requests,
  approvals,
  issuance,
]

/** A decision by itself. */
export function decisionText(answer: Decision, about: AnswerContext): string {
  if (!isPlain(answer)) return evaluationBody(answer, about, SAYINGS)
  const { evaluated_at, evaluation_id } = identity(answer, about)
  // Neither of them has anything that JSON would write in another way.
  const said = `"evaluation_id":"${evaluation_id}","evaluated_at":"${evaluated_at}"`
  return answer.permitted
    ? `{"decision":true,"context":{${said}}}`
    : `{"decision":false,"context":{${said},"reason":${JSON.stringify(answer.reason)}}}`
}

/** One of several decisions of a request. */
export function itemText(answer: Decision, about: AnswerContext): string {
  if (!isPlain(answer)) return evaluationBody(answer, about, OF_ITEMS)
  const { permitted, reason } = answer
  if (permitted) return '{"decision":true}'
  const known = plain.get(reason)
  if (known !== undefined) return known
  const text = evaluationBody(answer, about, OF_ITEMS)
  // Reasons are codes, and there are as many of them as there are codes.
  plain.set(reason, text)
  return text
}

/** Writers of an item: without members that the batch has once. */
const OF_ITEMS = SAYINGS.filter((say) => say !== identity)
/** Answers of few kinds come by the thousand. */
const plain = new Map<string, string>()

function evaluationBody(
  answer: Decision,
  about: AnswerContext,
  sayings: readonly ContextWriter[],
): string {
  const members = sayings.map((say) => say(answer, about)).filter((each) => each !== undefined)
  const context: Readonly<Record<string, unknown>> = Object.assign({}, ...members)
  return JSON.stringify({ decision: answer.permitted, context })
}

/** Tells whether nothing is said of it but a code. */
function isPlain(answer: Decision): boolean {
  const { approval, detail, enough, error, obligations: todo, requestable } = answer
  if (answer.issuance) return false
  if (detail !== undefined || enough || error || requestable || approval) return false
  return !(answer.stepUp || answer.unhelped || todo?.length)
}

function identity(_answer: Decision, { at, evaluationId }: AnswerContext) {
  return { evaluation_id: evaluationId, evaluated_at: new Date(at).toISOString() }
}

function reasons({ detail, enough, permitted, reason }: Decision) {
  if (permitted) return undefined
  return {
    reason,
    ...(detail === undefined ? {} : { reason_user: { '403': detail } }),
    ...(enough ? { enough } : {}),
  }
}

/** Authorization API 1.0, Errors in individual evaluations. */
function errors({ error }: Decision) {
  return error && { error: { status: error.status, message: `${error.code}: ${error.detail}` } }
}

function obligations({ bringsStepUp, obligations: todo = [], permitted, stepUp }: Decision) {
  if (permitted) return todo.length > 0 ? { obligations: obligationsOf(todo) } : undefined
  if (!stepUp) return undefined
  const { acrValues, maxAge } = stepUp
  const wanted = bringsStepUp ? stepUpObligations(stepUp) : []
  return {
    ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
    ...(wanted.length === 0 ? {} : { obligations: wanted }),
  }
}

/** INVARIANT: beside a denial only, and only where a submission would be taken. */
function requests({ permitted, requestable }: Decision, { evaluationId }: AnswerContext) {
  if (permitted || !requestable) return undefined
  const { endpoint, tokenOf, until } = requestable
  const expires_at = new Date(until).toISOString()
  return { access_request: { endpoint, expires_at, binding_token: tokenOf(evaluationId) } }
}

/** INVARIANT: beside a permit only; a server ignores what stands beside a denial. */
function issuance({ issuance: shaping, permitted }: Decision) {
  const members = permitted && shaping ? issuanceOf(shaping) : {}
  return Object.keys(members).length > 0 ? { issuance: members } : undefined
}

/**
 * Members about an approval. Where it did not help, `reason` is the profile's, and ours stands
 * beside it.
 */
function approvals({ approval, permitted, reason, unhelped }: Decision) {
  if (permitted)
    return (
      approval && {
        approval: { id: approval.id, approved_until: new Date(approval.until).toISOString() },
      }
    )
  return unhelped && { reason: unhelped.reason, next_action: unhelped.next, denied_by: reason }
}
