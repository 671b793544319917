import assert from 'node:assert/strict'
import { type Detail, type Opening, openTask, type Task } from 'remit-sdk'
import { behindGateway, direct, type Guard, type InProcessOptions } from 'remit-sdk/api'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { applyImport } from '../../src/catalog/catalog-changes/index.ts'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../src/policy/policy/testing.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import type { PersonName, World } from '../world.ts'
import { type Framework, routesOf, SHOP_DOCUMENT, type Shop, startShop } from './shop.ts'

/** Shop in Remit's catalog. */
export interface KnownShop extends Shop {
  readonly name: string
  /** Identifier of the resource: where agents call it. */
  readonly identifier: string
}

export type GuardOptions = Partial<InProcessOptions & Parameters<typeof behindGateway>[0]>

/** Names are never used again. */
let count = 0

/** A shop that the gateway stands in front of. Its guard takes what `options` say. */
export async function shopBehind(
  w: World,
  framework: Framework,
  options: GuardOptions = {},
): Promise<KnownShop> {
  const name = `shop-${framework}-${++count}`
  const identifier = `${w.gateway}/${name}`
  const guardFor = () =>
    behindGateway({
      issuer: w.issuer,
      trustDomain: 'test.remit',
      location: identifier,
      now: () => w.clock.now(),
      ...options,
    })
  const shop = await startShop(framework, name, guardFor)
  w.onStop(() => shop.close())
  await catalogue(w, { name, identifier, upstream: shop.origin, trusted: true })
  return Object.assign(shop, { name, identifier })
}

/** A shop that agents call directly. `guardOf`: how its calls are decided. */
export async function shopDirect(
  w: World,
  framework: Framework,
  options: GuardOptions = {},
  guardOf: (options: InProcessOptions) => Guard = direct,
): Promise<KnownShop> {
  const name = `direct-${framework}-${++count}`
  let secret = ''
  const later: { guard?: Guard } = {}
  const shop = await startShop(framework, name, (resource) => {
    // The secret is made once the shop is in the catalog, which needs its address.
    const guard = () => {
      later.guard ??= guardOf({ issuer: w.issuer, resource, secret, sleep: soon, ...options })
      return later.guard
    }
    return {
      maxBodyBytes: 256 * 1024,
      for: (route) => (incoming) => guard().for(route)(incoming),
      settled: async () => later.guard?.settled(),
    }
  })
  w.onStop(() => shop.close())
  const identifier = shop.origin
  await catalogue(w, { name, identifier, upstream: identifier, mode: 'direct' })
  const asking = { resource: name }
  secret = (await clientWith(w.rooms.clients, `${name}-api`, 'enforcer', asking)).secret
  return Object.assign(shop, { name, identifier })
}

type Entry = Parameters<typeof planImport>[1]

/** Imports the document of the shop under this name, as an administrator. */
export async function catalogue(w: World, entry: Entry): Promise<void> {
  const { id: by } = await w.person('ada')
  const plan = planImport(SHOP_DOCUMENT, entry)
  const actions = plan.actions.map((action) => ({ ...action, riskProposed: false }))
  await applyImport(w.rooms.connections, { ...plan, actions }, by)
}

/** Detail for all that a shop does. */
export function allOf({ identifier, name }: Pick<KnownShop, 'identifier' | 'name'>): Detail {
  const actions = Object.values(routesOf(name)).map(({ action }) => action)
  return { type: 'remit_call', locations: [identifier], actions, bounds: [] }
}

const LET_IN = new WeakMap<World, KnownShop[]>()

/** Support may use these shops through any agent; finance is asked before anything is removed. */
export async function letIn(w: World, more: readonly KnownShop[]): Promise<void> {
  const shops = [...(LET_IN.get(w) ?? []), ...more]
  LET_IN.set(w, shops)
  const { id: by } = await w.person('ada')
  const { id: personId } = await w.person('sam')
  const rules = shops.map(
    ({ name }) => `
@id("support-${name}") permit (principal in Group::"support", action, resource == Resource::"${name}");
@id("agents-${name}") permit (principal is Agent, action, resource == Resource::"${name}") when { principal.trust >= 1 };
@id("removals-of-${name}-ask") @requestable("Removing needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"${name}.remove", resource);`,
  )
  await publishPolicies(w.rooms.policy, { text: REFUND_DESK + rules.join(''), by, note: 'shops' })
  const ceiling = [...w.everything, ...shops.map(allOf)]
  await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling, by })
  const details = shops.map(allOf) as Parameters<typeof grantBasis>[1]['details'] // as `allOf` writes them
  const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
  await grantBasis(w.rooms.decisions, { ...basis, details })
}

/** Opens a task of refund-bot for Sam by the SDK. It waits without waiting. */
export async function sdkTask(w: World, opening: Partial<Opening> = {}): Promise<Task> {
  return openTask({
    issuer: w.issuer,
    agent: { id: 'refund-bot', key: w.agent.key.privateJwk },
    subjectToken: () => w.idToken('sam'),
    purpose: 'buy what is needed',
    now: () => w.clock.now(),
    sleep: soon,
    ...opening,
  })
}

/** A pause that ends as soon as everything else had its turn. */
export async function soon(_ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise(setImmediate)
  signal?.throwIfAborted()
}

/** Fiona of finance approves, or somebody else. */
export async function approve(w: World, page: string, person: PersonName = 'fiona'): Promise<void> {
  const browser = await w.browser(person)
  const answered = await browser.submit(await browser.get(page), /^Approve once/)
  assert.equal(answered.status, 200, answered.text)
}

/** Adds rules to those that are in force. */
export async function addRules(w: World, rules: string): Promise<void> {
  const { policies, policy } = w.rooms
  const { text } = await policies.version((await policies.active()).version)
  const { id: by } = await w.person('ada')
  await publishPolicies(policy, { text: `${text}\n${rules}`, by, note: 'for tests' })
}

/** refund-bot may do this as well, and Sam has agreed to it. */
export async function alsoAllow(w: World, details: readonly Detail[]): Promise<void> {
  const { id: by } = await w.person('ada')
  const { id: personId } = await w.person('sam')
  const given = details as Parameters<typeof grantBasis>[1]['details'] // written as details
  const agent = await findAgent(w.rooms.storage.read, 'refund-bot')
  const ceiling = [...(agent?.ceiling ?? []), ...given]
  await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling, by })
  const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
  await grantBasis(w.rooms.decisions, { ...basis, details: given })
}
