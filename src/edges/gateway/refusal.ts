import { tellRefusal, type Verdict } from '../../calls/calls/index.ts'
import type { ChallengedResource } from '../../identity/possession/index.ts'
import type { OwnAnswer } from './ended.ts'
import type { GatewayPorts } from './ports.ts'

/** Answer of the gateway to a decision that is no permit. */
export function refusalAnswer(
  verdict: Verdict<'deny'> | Verdict<'requestable'> | Verdict<'executed'>,
  resource: ChallengedResource,
  { decisions, gateway }: Pick<GatewayPorts, 'decisions' | 'gateway'>,
): OwnAnswer {
  return {
    ...tellRefusal(decisions, verdict, { origin: gateway, resource }),
    ...(verdict.outcome === 'deny' && verdict.stranger ? { stranger: true } : {}),
  }
}
