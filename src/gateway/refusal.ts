import { isRecorded, refusalOf, type Verdict } from '../calls/index.ts'
import type { Challenged } from '../possession/index.ts'
import type { OwnAnswer } from './ended.ts'
import type { GatewayPorts } from './ports.ts'

/** Answer of the gateway to a decision that is no permit. */
export function refusal(
  verdict: Verdict<'deny'> | Verdict<'requestable'> | Verdict<'executed'>,
  resource: Challenged,
  { decisions, gateway }: Pick<GatewayPorts, 'decisions' | 'gateway'>,
): OwnAnswer {
  const { challenge, problem, retryAfter, status, wantsNonce } = refusalOf(verdict, resource)
  const nonce = wantsNonce && decisions.nonces?.current(gateway)
  return {
    status,
    headers: {
      ...(isRecorded(verdict) ? { 'remit-decision': verdict.decisionId } : {}),
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(nonce ? { 'dpop-nonce': nonce } : {}),
      ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
    },
    problem,
    ...(verdict.outcome === 'deny' && verdict.stranger ? { stranger: true } : {}),
  }
}
