import { registerAgent } from '../../src/identity/agents/index.ts'
import { type FakeProvider, fakeProvider } from '../../src/identity/identity-providers/testing.ts'
import { addIssuer } from '../../src/identity/issuers/index.ts'
import type { World } from '../world.ts'

export const PARTNER = 'partner'
/** A program of the partner's, without a key: its assertions are all that it has. */
export const MAILER = 'mailer'

const NOTES = { type: 'remit_call', actions: ['desk.search-notes'], bounds: [] }

/** Another organization: its assertions open tasks of refund-bot, and so do the access tokens of its server. */
export class Partner {
  readonly #fake: FakeProvider
  readonly #world: World
  #count = 0

  private constructor(world: World, fake: FakeProvider) {
    this.#world = world
    this.#fake = fake
  }

  static async trusted(world: World, owner: string): Promise<Partner> {
    const fake = await fakeProvider()
    world.onStop(() => fake.close())
    const ceiling = [
      { ...NOTES, locations: [`${world.gateway}/desk`] },
      { ...NOTES, locations: [`${world.gateway}/echo`], actions: ['echo.list'] },
    ]
    await registerAgent(world.rooms.agents, {
      ...{ name: MAILER, description: '', trust: 3, ceiling, ownerId: owner, by: owner },
    })
    await addIssuer(world.rooms.issuers, {
      ...{ name: PARTNER, issuer: fake.issuer, by: owner, ownerId: owner },
      ...{ uses: ['id_jag', 'chaining', 'access_token'], trust: 3, ceiling: null },
      bearer: true,
      people: { provider: world.provider, delegates: true },
      access: { provider: world.provider },
      rules: [
        { name: 'bot', when: [{ claim: 'client_id', equals: 'their-bot' }], agent: 'refund-bot' },
      ],
    })
    return new Partner(world, fake)
  }

  /** Assertion for Sam, by refund-bot, with one of the partner's own agents behind it. */
  assertion(typ: 'oauth-id-jag+jwt' | 'JWT', claims: object = {}): Promise<string> {
    const act = { iss: this.#fake.issuer, sub: 'planner', sub_profile: 'ai_agent' }
    const said = { aud: this.#world.issuer, client_id: 'refund-bot', act, ...claims }
    return this.#fake.sign(this.#claims(said), { typ })
  }

  /** An access token for the echo API, bound to this key. */
  accessToken(jkt: string, claims: object = {}): Promise<string> {
    const { gateway } = this.#world
    const said = { aud: `${gateway}/echo`, client_id: 'their-bot', cnf: { jkt }, ...claims }
    return this.#fake.sign(this.#claims(said), { typ: 'at+jwt' })
  }

  get issuer(): string {
    return this.#fake.issuer
  }

  #claims(more: object) {
    const now = Math.floor(this.#world.clock.now() / 1000)
    const honest = { iss: this.#fake.issuer, sub: 'sam', iat: now, exp: now + 600 }
    return { ...honest, jti: `p${this.#count++}`, scope: 'echo.list', ...more }
  }
}
