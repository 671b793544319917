import { catalogParts } from '../../catalog/catalog/testing.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { addClient } from './change-client.ts'
import type { ClientSettingsInput } from './check-settings.ts'
import type { MachineClient } from './client.ts'
import type { ClientKind } from './kinds.ts'
import type { ClientParts } from './parts.ts'

/** Adds a client with a secret, by an administrator. */
export async function clientWith<K extends ClientKind>(
  parts: ClientParts,
  id: string,
  kind: K,
  settings: ClientSettingsInput<K>,
): Promise<{ readonly client: MachineClient<K>; readonly secret: string }> {
  const { client, secret } = await addClient(parts, { id, kind, settings, by: 'psn_ada' })
  if (!secret) throw new Error('a client without a key has a secret')
  return { client, secret: secret.reveal() }
}

/** The parts of this room over one database; there is one space, `desk`, and one policy set, `records`. */
export async function clientParts(
  storage: Storage,
): Promise<ClientParts & Awaited<ReturnType<typeof catalogParts>>> {
  const named = (one: string) => async (_: unknown, name: string) =>
    name === one ? { name } : undefined
  return {
    ...(await catalogParts(storage)),
    random: systemRandom,
    references: { space: named('desk'), policySet: named('records') },
  }
}

/** The parts of this room beside those of a world; every space and policy set that is named is there. */
export function machinesOf<P extends Omit<ClientParts, 'references'>>(parts: P): P & ClientParts {
  const any = async (_: unknown, name: string) => ({ name })
  return { ...parts, references: { space: any, policySet: any } }
}

/** Moves a clock that tests move by hand. False: it is another one. */
export function advance(clock: object, ms: number): boolean {
  if (!('advance' in clock) || typeof clock.advance !== 'function') return false
  clock.advance(ms)
  return true
}
