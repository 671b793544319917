import type { AccessRequest } from '../../../../approvals/access-requests/index.ts'
import type { Verdict } from '../../../../calls/calls/index.ts'
import type { RpcAnswer } from '../../../../calls/mcp-messages/index.ts'
import { exact, META, notExecuted } from '../../../../calls/mcp-messages/index.ts'
import type { Json } from '../../../../platform/lib/json.ts'
import type { RpcRequest } from '../../../../platform/net/index.ts'
import type { DecidedCall } from '../call-steps.ts'

const NO_WAY_AROUND =
  'Do not work around this: tell the person you work for, and go on with what does not need it.'

/**
 * Answer to a denied call: says that it was not executed, why, and what would be enough, in words
 * that keep a model from trying another way. `what`: says it of something else than a call.
 */
export function denial(
  message: RpcRequest,
  verdict: Verdict<'deny'>,
  what = 'Not executed',
): RpcAnswer {
  const { challenge, decisionId, detail, enough, reason, retryAfter, unrecorded } = verdict
  const text = [
    `${what}: ${detail}.`,
    enough === '' ? '' : `What would be enough: ${enough}.`,
    challenge && reason.startsWith('token.')
      ? 'Make this exact call again: your client gets itself a new token first.'
      : NO_WAY_AROUND,
    retryAfter === undefined
      ? ''
      : `Make this exact call again in ${retryAfter} seconds at the earliest.`,
    unrecorded ? '' : `Decision ${decisionId}.`,
  ]
  return notExecuted(message, text.filter(Boolean).join(' '), {
    ...(unrecorded ? {} : { [META.decision]: decisionId }),
    ...(retryAfter === undefined ? {} : { [META.retryAfter]: exact(retryAfter) }),
  })
}

/** Answer to a call that the task was not given: says how its person can give it. */
export function notGiven(
  {
    action,
    audience,
    resource,
    rpc,
  }: Pick<DecidedCall, 'action' | 'audience' | 'resource' | 'rpc'>,
  { decisionId, unrecorded }: Verdict<'deny'>,
): RpcAnswer {
  const at = (audience ?? resource).identifier
  const text = [
    `Not executed: this task was not given \`${action.name}\`.`,
    `The person that it is for can allow it: ask them to let this client in again at ${at}, with the scope \`${action.name}\`, and call then.`,
    NO_WAY_AROUND,
    unrecorded ? '' : `Decision ${decisionId}.`,
  ]
  return notExecuted(rpc, text.filter(Boolean).join(' '), {
    ...(unrecorded ? {} : { [META.decision]: decisionId }),
    [META.request]: new Map([
      ['resource', at],
      ['scope', action.name],
    ]),
  })
}

/** Answer to a call whose approval took longer than the call could be held. */
export function pending(
  message: RpcRequest,
  verdict: Verdict<'requestable'>,
  request: AccessRequest,
  retryAfter: number,
): RpcAnswer {
  const { decisionId } = verdict
  const { expiresAt, page, url } = verdict.request
  const text = [
    `PENDING, not executed: people have to approve this call first. It waits for ${whoMay(request)}, until ${inTime(expiresAt)}.`,
    `They answer at ${page} : tell the person you work for.`,
    `Then make this exact call again, in ${retryAfter} seconds at the earliest. Once it is approved it is executed, once; with other arguments it would be another call, and ask again.`,
    `${NO_WAY_AROUND} Decision ${decisionId}.`,
  ]
  return notExecuted(message, text.join('\n'), {
    [META.decision]: decisionId,
    [META.approval]: new Map<string, Json>([
      ['id', verdict.request.id],
      ['status', 'pending'],
      ['url', url],
      ['page', page],
      ['expires_at', new Date(expiresAt).toISOString()],
      ['retry_after', exact(retryAfter)],
    ]),
  })
}

/** Formats a time as the approval page shows it: `11:16 UTC`. */
function inTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`
}

/**
 * Answer to a call whose approvers did not answer in time. That is no permit, and does not ask
 * anybody again by itself.
 */
export function unanswered(
  message: RpcRequest,
  { decisionId }: Pick<Verdict<'requestable'>, 'decisionId'>,
): RpcAnswer {
  const text = `Not executed: no one answered in time. This exact call, made again, asks people again. ${NO_WAY_AROUND} Decision ${decisionId}.`
  return notExecuted(message, text, { [META.decision]: decisionId })
}

/** Answer to a call that people denied, for a later question about it. */
export function deniedLater(message: RpcRequest, { decisionId, reason }: AccessRequest): RpcAnswer {
  const words = reason === null ? '' : `: ${reason}`
  const text = `Not executed: a person denied this call${words}. ${NO_WAY_AROUND} Decision ${decisionId}.`
  return notExecuted(message, text, { [META.decision]: decisionId })
}

/** Names who may approve, in words. Groups are named, people never. */
export function whoMay({ ask }: Pick<AccessRequest, 'ask'>): string {
  const rules = ask.approvers.map((rule, at) => {
    const able = rule.filter((name) => name !== 'represented' || ask.self)
    // Where the represented person may answer, there is one.
    const others = able.includes('represented')
      ? undefined
      : ask.fallbacks?.find((each) => each.rule === at)
    return [...new Set([...able, ...(others?.names ?? [])].map(inWords))].join(' or ')
  })
  return [...new Set(rules)].join(' and ')
}

function inWords(approver: string): string {
  const group = /^group:(.+)$/.exec(approver)?.[1]
  if (approver === 'represented') return 'the person it is for'
  if (approver === 'manager') return "the person's manager"
  if (approver === 'owner') return 'an owner of the API'
  return group === undefined ? 'a named person' : `anyone in ${group}`
}
