import type { Storage } from '../../platform/storage/index.ts'
import { type TestAgents, testAgents } from '../agents/testing.ts'
import { type FakeProvider, fakeProvider } from '../identity-providers/testing.ts'
import type { Person } from '../people/index.ts'
import { addIssuer } from './add-issuer.ts'
import type { IssuerDescription } from './read-issuer.ts'
import type { IssuerParts } from './trusted-issuer.ts'

export type TestIssuers = TestAgents & IssuerParts

export interface IssuerWorld {
  readonly parts: TestIssuers
  readonly ada: Person
  /** An issuer that publishes its metadata and keys. */
  readonly fake: FakeProvider
  describe(over?: Partial<IssuerDescription>): IssuerDescription & { by: string }
  /** A token as it issues them, changed where a test says so. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  end(): Promise<void>
}

export async function issuerWorld(storage: Storage): Promise<IssuerWorld> {
  const { ada, parts } = await testAgents(storage)
  const fake = await fakeProvider()
  let count = 0
  return {
    parts: { ...parts, loopback: true },
    ada,
    fake,
    describe: (over = {}) => ({
      name: 'cluster',
      issuer: fake.issuer,
      uses: ['workload'],
      trust: 3,
      ceiling: null,
      ownerId: ada.id,
      by: ada.id,
      ...over,
    }),
    token(claims = {}, header = {}) {
      const now = Math.floor(parts.clock.now() / 1000)
      const honest = { iss: fake.issuer, aud: [parts.issuer], iat: now, exp: now + 600 }
      return fake.sign({ ...honest, sub: 'agent/1', jti: `w${count++}`, ...claims }, header)
    },
    async end() {
      await parts.issuers.close()
      await fake.close()
    },
  }
}

/** Registers the fake one, as a test wants it. */
export function trusted(world: IssuerWorld, over: Partial<IssuerDescription> = {}) {
  return addIssuer(world.parts, world.describe(over))
}
