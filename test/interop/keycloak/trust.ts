import assert from 'node:assert/strict'
import { linkClient } from '../../../src/identity/agents/index.ts'
import { addIssuer, setIssuerTerms } from '../../../src/identity/issuers/index.ts'
import type { Secret } from '../../../src/platform/lib/secret.ts'
import { listTasks } from '../../../src/tasks/tasks/index.ts'
import { newKey, type TestKey } from '../../signing.ts'
import type { World } from '../../world.ts'
import { KeycloakAdmin } from './admin.ts'
import { KeycloakPerson, type Proof } from './person.ts'
import {
  AGENT_WITH_ACCESS,
  APP,
  CHAINING,
  OLD_APP,
  OTHER_PEER_CLIENT,
  PEER_CLIENT,
} from './realm.ts'

export const ORDER = '/orders/orders/1042'
const by = 'operator'

/** Keycloak as a server that Remit trusts, and that trusts Remit. */
export class KeycloakTrust {
  readonly world: World
  readonly admin: KeycloakAdmin

  private constructor(world: World, admin: KeycloakAdmin) {
    this.world = world
    this.admin = admin
  }

  static async begin(world: World): Promise<KeycloakTrust> {
    const admin = await KeycloakAdmin.signIn(world.provider)
    await admin.addScope('orders.read', [APP, OLD_APP, CHAINING, PEER_CLIENT])
    await admin.addScope('orders.list', [OTHER_PEER_CLIENT])
    const ownerId = (await world.person('ada')).id
    const agent = { agentId: 'refund-bot', issuer: world.provider, by: ownerId }
    await linkClient(world.rooms.agents, { ...agent, clientId: AGENT_WITH_ACCESS })
    const trust = new KeycloakTrust(world, admin)
    await addIssuer(world.rooms.issuers, {
      ...{ name: 'keycloak', issuer: world.provider, by },
      ...(await trust.#terms()),
    })
    return trust
  }

  person(): KeycloakPerson {
    return new KeycloakPerson(this.world.provider, 'sam')
  }

  /** Sets other terms; those left out are as at the beginning. */
  async set(access: object = {}, more: object = {}, secret?: Secret): Promise<void> {
    const about = { name: 'keycloak', terms: await this.#terms(access, more), secret, by }
    await setIssuerTerms(this.world.rooms.issuers, about)
  }

  proofBy(key: TestKey): Proof {
    return (url) => this.world.agent.proof(key, { method: 'POST', url })
  }

  /** A call of orders with a token of Keycloak. */
  async call(token: string, key?: TestKey, path = ORDER) {
    const held = { id: '', token, key: key ?? (await newKey()) }
    const bare = key ? {} : { scheme: 'Bearer', proofs: [] }
    return this.world.agent.call(held, 'GET', path, { token, ...bare })
  }

  async refused(token: string, code: string, key?: TestKey): Promise<void> {
    const { body, status, text } = await this.call(token, key)
    assert.ok(status === 401 || status === 403, text)
    assert.equal(body.code, code, text)
  }

  /** The tasks that tokens of other servers opened. */
  async opened(): Promise<readonly string[]> {
    const tasks = await listTasks(this.world.rooms.storage.read, { limit: 100 })
    return tasks.filter(({ openedBy }) => openedBy === 'token').map(({ id }) => id)
  }

  async #terms(access: object = {}, more: object = {}) {
    const { orders, provider } = this.world
    const rule = (client: string) => ({
      ...{ name: client, agent: 'refund-bot' },
      when: [{ claim: 'azp', equals: client }],
    })
    return {
      uses: ['access_token', 'peer'],
      access: { provider, ...access },
      peer: { resources: [orders], clients: { 'refund-bot': PEER_CLIENT } },
      rules: [APP, OLD_APP, PEER_CLIENT].map(rule),
      ...{ trust: 3, ceiling: null, ownerId: (await this.world.person('ada')).id },
      ...more,
    }
  }
}
