import type { ServerResponse } from 'node:http'
import type { CheckAnswer } from '../check.ts'
import { deniedBody, deniedHeaders } from '../failure.ts'
import { TRANSACTION_TOKEN } from '../read-request.ts'
import type { Convention } from './conventions.ts'

/** List by which Envoy is told over HTTP what the API must not receive. */
const REMOVED = 'x-envoy-auth-headers-to-remove'

/** Writes the answer to a gateway, in the form in which it understands it. No answer may be kept. */
export function writeAnswer(
  reply: ServerResponse,
  convention: Convention | undefined,
  answer: CheckAnswer,
): void {
  if (reply.destroyed) return
  if (!('problem' in answer)) {
    const { removed, set } = answer
    reply.writeHead(200, {
      'cache-control': 'no-store',
      'content-length': 0,
      // INVARIANT: a gateway copies what it is answered, so silence would leave the caller's own value there.
      [TRANSACTION_TOKEN]: '',
      ...set,
      ...(convention?.form === 'envoy' ? { [REMOVED]: removed.join(',') } : {}),
    })
    reply.end()
    return
  }
  const status = statusFor(convention, answer.status)
  const told = convention?.form === 'nginx' ? answer.status : status
  const text = deniedBody(answer, told)
  reply.writeHead(status, {
    ...deniedHeaders(answer),
    'content-length': Buffer.byteLength(text),
    ...(convention?.form === 'nginx'
      ? { 'remit-problem': inAscii(text), 'remit-status': `${told}` }
      : {}),
  })
  reply.end(text)
}

/**
 * The status that a gateway takes for a denial. INVARIANT: none that some setting of it lets calls
 * through for: Envoy takes 5xx for a failure (`failure_mode_allow`), and nginx all but 401 and 403. It
 * tells its caller the status of `Remit-Status`.
 */
function statusFor(convention: Convention | undefined, status: number): number {
  const isDenial = { envoy: status < 500, nginx: status === 401 || status === 403, plain: true }
  return isDenial[convention?.form ?? 'plain'] ? status : 403
}

/** JSON that fits in a header: characters beyond ASCII are escaped. */
function inAscii(json: string): string {
  return json.replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
