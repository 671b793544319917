import type { AccessRequest } from '../../../approvals/index.ts'
import type { Denied, Requestable } from '../../../calls/index.ts'
import type { Json } from '../../../lib/json.ts'
import type { RpcRequest } from '../../../net/index.ts'
import type { RpcAnswer } from '../ended.ts'
import { exact, META, notExecuted } from '../tool-error.ts'

const NO_WAY_AROUND =
  'Do not work around this: tell whoever you work for, and go on with what does not need it.'

/** Not executed, why, what would be enough: words that keep a model from trying to get there another way. */
export function denial(message: RpcRequest, verdict: Denied): RpcAnswer {
  const { challenge, decisionId, detail, enough, reason, retryAfter, unrecorded } = verdict
  const text = [
    `Not executed: ${detail}.`,
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

/** Waiting for people took longer than the call could be held. */
export function pending(
  message: RpcRequest,
  verdict: Requestable,
  request: AccessRequest,
  retryAfter: number,
): RpcAnswer {
  const { decisionId } = verdict
  const { expiresAt, page, url } = verdict.request
  const text = [
    `PENDING, not executed: people have to approve this call first. It waits for ${whoMay(request)}, until ${inTime(expiresAt)}.`,
    `They answer at ${page} : tell whoever you work for.`,
    `Then make this exact call again, in ${retryAfter} seconds at the earliest. Once it is approved it is executed, once; with other arguments it would be another call, and ask anew.`,
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

/** As people read it on the page: `11:16 UTC`. */
function inTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`
}

/** The time that people had to answer is over. That is no permit, and asks nobody anew by itself. */
export function unanswered(message: RpcRequest, { decisionId }: Requestable): RpcAnswer {
  const text = `Not executed: nobody answered in time. This exact call, made again, asks people anew. ${NO_WAY_AROUND} Decision ${decisionId}.`
  return notExecuted(message, text, { [META.decision]: decisionId })
}

/** Who may answer, in words. Groups are named, people never. */
export function whoMay({ ask }: Pick<AccessRequest, 'ask'>): string {
  const rules = ask.approvers.map((rule) => [...new Set(rule.map(inWords))].join(' or '))
  return [...new Set(rules)].join(' and ')
}

function inWords(approver: string): string {
  const group = /^group:(.+)$/.exec(approver)?.[1]
  return group === undefined ? 'a named person' : `anyone in ${group}`
}
