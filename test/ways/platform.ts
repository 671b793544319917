import { type FakeProvider, fakeProvider } from '../../src/identity/identity-providers/testing.ts'
import { workloadId } from '../../src/identity/issuers/identify-workload.ts'
import { addIssuer } from '../../src/identity/issuers/index.ts'
import type { World } from '../world.ts'

export const PLATFORM = 'platform'
const SUBJECT = 'agent/1'
/** The agent that it vouches for. */
export const WORKLOAD = workloadId({ name: PLATFORM }, SUBJECT)

/** A platform of others whose word is enough to open tasks for its workloads. */
export class Platform {
  readonly #fake: FakeProvider
  readonly #world: World
  #count = 0

  private constructor(world: World, fake: FakeProvider) {
    this.#world = world
    this.#fake = fake
  }

  /** Trusts it: all that it vouches for belongs to this owner, who sponsors it. */
  static async trusted(world: World, owner: string): Promise<Platform> {
    const fake = await fakeProvider()
    world.onStop(() => fake.close())
    const ceiling = [
      {
        type: 'remit_call',
        locations: [`${world.gateway}/echo`],
        actions: ['echo.list'],
        bounds: [],
      },
    ]
    const sponsor = { purpose: 'lists things', tasks: 1000, seconds: 60, days: 30 }
    const admit = { trust: 3, ceiling, owner, sponsor }
    await addIssuer(world.rooms.issuers, {
      ...{ name: PLATFORM, issuer: fake.issuer, by: owner, ownerId: owner },
      ...{ uses: ['workload'], trust: 3, ceiling: null },
      rules: [{ name: 'all', when: [{ claim: 'sub', prefix: 'agent/' }], admit }],
    })
    return new Platform(world, fake)
  }

  /** Token that the platform gives to its workload. */
  token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(this.#world.clock.now() / 1000)
    const honest = { iss: this.#fake.issuer, aud: this.#world.issuer, iat: now, exp: now + 600 }
    return this.#fake.sign({ ...honest, sub: SUBJECT, jti: `w${this.#count++}`, ...claims })
  }
}
