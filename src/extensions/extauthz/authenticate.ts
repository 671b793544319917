import type { MachineClient } from '../../identity/machine-clients/index.ts'
import { onProblem, Problem } from '../../platform/lib/problem.ts'
import type { ExtAuthzPorts } from './ports.ts'

/** Header by which a gateway says who it is: the secret of its enforcer. */
export const ENFORCER = 'remit-enforcer'

/**
 * Identifies the gateway that asks. INVARIANT: nothing that it says is looked at before.
 * @throws Problem `client.unauthenticated`
 */
export async function authenticateGateway(
  { clients, countStranger }: ExtAuthzPorts,
  {
    at,
    ip,
    secrets,
  }: { readonly at: string; readonly ip: string; readonly secrets: readonly string[] },
): Promise<MachineClient<'enforcer'>> {
  const [secret, ...more] = secrets
  const shown =
    secret === undefined || more.length > 0 ? undefined : ({ kind: 'secret', secret } as const)
  const known = await clients.authenticate(shown, 'calls').catch(
    onProblem((problem) => {
      countStranger({ at, reason: problem.code, ip })
      return problem
    }),
  )
  if (known instanceof Problem) throw known
  return known.client
}
