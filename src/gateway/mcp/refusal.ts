import type { AccessRequest } from '../../approvals/index.ts'
import type { Denied, Executed, Requestable } from '../../decisions/index.ts'
import { isObject, type Json, parseJson } from '../../lib/json.ts'
import type { RpcRequest } from '../../net/index.ts'
import { Answered } from './ended.ts'
import { exact, META, type Meta, notExecuted, textContent } from './tool-error.ts'

/** Not executed, why, what would be enough: words that keep a model from trying to get there another way. */
export function denial(message: RpcRequest, verdict: Denied): Answered {
  const { decisionId, detail, enough } = verdict
  const text = [
    `Not executed: ${detail}.`,
    enough === '' ? '' : `What would be enough: ${enough}.`,
    `Do not work around this. Decision ${decisionId}.`,
  ]
  return notExecuted(message, text.filter(Boolean).join(' '), { [META.decision]: decisionId })
}

/** Waiting for people took longer than the call could be held. */
export function pending(
  message: RpcRequest,
  verdict: Requestable,
  request: AccessRequest,
  retryAfter: number,
): Answered {
  const { decisionId } = verdict
  const { page, url } = verdict.request
  const text = [
    `PENDING, not executed: this call waits for approval by ${whoMay(request)}.`,
    `They answer at ${page}`,
    '\nRetry this exact call later: once it is approved it is executed, once. Changed arguments would be another call.',
    `Do not work around this. Decision ${decisionId}.`,
  ]
  return notExecuted(message, text.join(' '), {
    [META.decision]: decisionId,
    [META.approval]: new Map<string, Json>([
      ['id', verdict.request.id],
      ['status', 'pending'],
      ['url', url],
      ['page', page],
      ['expires_at', new Date(verdict.request.expiresAt).toISOString()],
      ['retry_after', exact(retryAfter)],
    ]),
  })
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

/** Approved and executed before: what became of it, marked as told again. */
export function toldAgain(message: RpcRequest, verdict: Executed): Answered {
  const { decisionId, kept, larger, requestUrl, state } = verdict
  const meta: Meta = { [META.decision]: decisionId, [META.told]: true }
  const words = [
    `This call was approved and executed before (decision ${decisionId}, outcome: ${state}). It was not executed again;`,
  ]
  const result = kept === undefined ? undefined : keptResult(kept)
  if (!result) {
    const why = larger ? 'its answer was too large to be kept' : 'its answer is not kept'
    words.push(`${why}. People can be asked anew: POST to ${requestUrl}`)
    return notExecuted(message, words.join(' '), meta)
  }
  words.push('this is what was answered then.')
  const content = result.get('content')
  const told = new Map(result)
  if (message.method === 'tools/call')
    told.set('content', [textContent(words.join(' ')), ...(Array.isArray(content) ? content : [])])
  told.set('_meta', merged(result.get('_meta'), meta))
  return new Answered({ kind: 'result', id: message.id, result: told })
}

function keptResult(kept: string) {
  const value = parseJson(kept, { bytes: Buffer.byteLength(kept) })
  return isObject(value) ? value : undefined
}

export function merged(meta: Json | undefined, ours: Meta): Json {
  return new Map<string, Json>([...(isObject(meta) ? meta : []), ...Object.entries(ours)])
}
