import { answerCheck } from '../../src/extensions/extauthz/answer-check.ts'
import { authenticateGateway } from '../../src/extensions/extauthz/authenticate.ts'
import {
  type CheckAnswer,
  type GatewayCheck,
  NO_BODY,
} from '../../src/extensions/extauthz/check.ts'
import { failureAnswer } from '../../src/extensions/extauthz/failure.ts'
import type { ExtAuthzPorts } from '../../src/extensions/extauthz/ports.ts'
import { ClientAddresses, openLog } from '../../src/platform/http/index.ts'
import { UNOBSERVED } from '../../src/platform/lib/request-observer.ts'
import type { World } from '../world.ts'

/** Asks as a gateway with this secret does, without a connection. What is left out of the check is right. */
export async function askInProcess(
  { issuer, rooms }: World,
  secret: string,
  check: Pick<GatewayCheck, 'method' | 'target' | 'rawHeaders'> & Partial<GatewayCheck>,
): Promise<CheckAnswer> {
  const none = { total: 0, perAddress: 0 }
  const ports: ExtAuthzPorts = {
    ...{ http: undefined, grpc: undefined, issuer, trustDomain: 'test.remit' },
    addresses: new ClientAddresses(),
    certificates: undefined,
    capacity: { connections: none, bodyBytes: none, working: 400 },
    clients: rooms.authenticator,
    decisions: rooms.decisions,
    countStranger: () => {},
    observer: UNOBSERVED,
    log: openLog({ level: 'silent' }),
  }
  try {
    const enforcer = await authenticateGateway(ports, { at: 'test', ip: '', secrets: [secret] })
    const { settings } = enforcer
    const api = (await rooms.decisions.catalog.current()).resources.get(settings.resource)
    const host = new URL(api?.identifier ?? issuer).host
    const left = { ip: '', host, leavesPort: false, body: NO_BODY, isGone: () => false }
    return await answerCheck(ports, enforcer, { ...left, ...check })
  } catch (error) {
    return failureAnswer(error, ports.log)
  }
}
