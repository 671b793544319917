import { loadSigningKeys, type MasterKey, openMasterKey } from '../../platform/keys/index.ts'
import { Ledger } from '../../platform/ledger/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { timedBy } from '../../platform/storage/testing.ts'
import { mapGroup } from '../identity-providers/map-group.ts'
import { registerProvider } from '../identity-providers/register-provider.ts'
import { signInPerson } from '../identity-providers/sign-in-person.ts'
import { createBuiltInGroups, createGroup } from './create-group.ts'
import type { PeopleParts } from './parts.ts'
import type { Person } from './person.ts'

export const PROVIDER = 'https://idp.example'

/** Members of a record that tests look at. */
export interface TestRecord {
  readonly type: string
  readonly agent?: string
  readonly by?: string
  readonly facts?: Readonly<Record<string, unknown>>
  readonly commitments?: Readonly<Record<string, string>>
}

export type TestPeople = PeopleParts & {
  readonly live: Live
  readonly ledger: Ledger
  readonly master: MasterKey
  readonly clock: ManualClock
  /** Reads the recorded events, oldest first. */
  recorded(): Promise<TestRecord[]>
  /** Reads the current live state of a person or agent. */
  liveOf(kind: 'person' | 'agent', id: string): Promise<{ epoch: number; state: string }>
}

/** Builds this room over an open store, with the built-in groups, at a time that stands still. */
export async function testPeople(
  storage: Storage,
  clock: ManualClock = manualClock(),
): Promise<TestPeople> {
  const random = systemRandom
  const live = new Live({ storage: timedBy(storage, clock), clock, random })
  const value = new Secret(base64url(random.bytes(32)))
  const master = await openMasterKey({ directory: '/nowhere', value, random })
  const { ledger: key } = await loadSigningKeys({ storage, master, clock, random })
  const ledger = new Ledger({ storage, key, origin: 'remit.example/test', clock, random })
  const parts: TestPeople = {
    storage,
    clock,
    live,
    ledger,
    master,
    random,
    issuer: 'http://127.0.0.1:7480',
    async recorded() {
      await ledger.sequence()
      return (await ledger.records(0, 1000)).map(({ record }) => JSON.parse(record))
    },
    async liveOf(kind, id) {
      const { states } = await live.view([{ kind, id }])
      return { epoch: states[0]?.epoch ?? 0, state: states[0]?.state ?? 'none' }
    },
  }
  await createBuiltInGroups(parts)
  return parts
}

/** The sample provider, with its value `eng-<group>` standing for each group. */
export async function withProvider(parts: PeopleParts, ...groups: string[]): Promise<void> {
  const by = 'operator'
  await registerProvider(parts, { issuer: PROVIDER, name: 'Sample', clientId: 'remit', by })
  for (const group of groups) {
    await createGroup(parts, { name: group, description: '', by })
    await mapGroup(parts, { issuer: PROVIDER, value: `eng-${group}`, group, by })
  }
}

/** Someone who has signed in, in these groups (`withProvider` must know them). */
export function someone(
  parts: PeopleParts,
  subject: string,
  groups: readonly string[] = [],
  issuedAt = parts.clock.now(),
): Promise<Person> {
  return signInPerson(parts, {
    issuer: PROVIDER,
    subject,
    name: `Name of ${subject}`,
    email: `${subject}@example.com`,
    groupValues: groups.map((group) => `eng-${group}`),
    issuedAt,
  })
}
