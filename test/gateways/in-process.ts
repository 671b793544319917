import { answerCheck } from '../../src/extauthz/answer-check.ts'
import { authenticate } from '../../src/extauthz/authenticate.ts'
import { type CheckAnswer, type GatewayCheck, unsentBody } from '../../src/extauthz/check.ts'
import { failure } from '../../src/extauthz/failure.ts'
import type { ExtAuthzPorts } from '../../src/extauthz/ports.ts'
import { ClientAddresses, openLog } from '../../src/http/index.ts'
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
    log: openLog({ level: 'silent' }),
  }
  const body = unsentBody(check.method)
  try {
    const enforcer = await authenticate(ports, { at: 'test', ip: '', secrets: [secret] })
    return await answerCheck(ports, enforcer, { ip: '', body, isGone: () => false, ...check })
  } catch (error) {
    return failure(error, ports.log)
  }
}
