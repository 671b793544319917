import type { Detail } from '@remit/engine'
import { type TestParts, testParts } from '../../../approvals/approvals/testing.ts'
import { Catalog } from '../../../catalog/catalog/index.ts'
import { planOrders } from '../../../catalog/catalog/testing.ts'
import { applyImport } from '../../../catalog/catalog-changes/index.ts'
import { DecisionPoints } from '../../../extensions/decision-points/decision-points.ts'
import { registerAgent } from '../../../identity/agents/index.ts'
import {
  mapGroup,
  Providers,
  registerProvider,
} from '../../../identity/identity-providers/index.ts'
import { signInPerson } from '../../../identity/identity-providers/sign-in-person.ts'
import type { FakeProvider } from '../../../identity/identity-providers/testing.ts'
import { IssuerTrust } from '../../../identity/issuers/index.ts'
import { createBuiltInGroups, createGroup } from '../../../identity/people/index.ts'
import { beginSigningKeys, VerifiedTokens } from '../../../identity/tokens/index.ts'
import { type Outbound, outbound } from '../../../platform/net/index.ts'
import { Live, ORGANIZATION } from '../../../platform/revocation/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { timedBy } from '../../../platform/storage/testing.ts'
import { Policies, publishPolicies } from '../../../policy/policy/index.ts'
import { REFUND_DESK } from '../../../policy/policy/testing.ts'
import { LIMITS } from '../../../tasks/budgets/index.ts'
import { Facts } from '../../../tasks/facts/facts.ts'
import { prepareClaims } from '../../../tasks/facts/index.ts'
import { RiskHistory } from '../../../tasks/risk/risk-books.ts'
import type { TestKey } from '../keys/testing.ts'
import { CallsInFlight } from '../settlement/calls-in-flight.ts'
import { UNCOUNTED } from '../watcher.ts'

export const ISSUER = 'http://127.0.0.1:7480'
export const GATEWAY = 'http://127.0.0.1:7481'
export const ORDERS = `${GATEWAY}/orders`

/** Details of all that the refund desk may do with orders. */
export const ALL_OF_ORDERS: Detail = {
  type: 'remit_call',
  locations: [ORDERS],
  actions: ['orders.list', 'orders.read', 'orders.list-refunds', 'orders.watch', 'orders.refund'],
  bounds: [],
}

/** Builds real rooms, with what the story begins with; `agentKey` is the one of `refund-bot`. */
export async function deskOver(storage: Storage, provider: FakeProvider, agentKey: TestKey) {
  const base = await testParts(storage)
  const { clock, random } = base
  // What people call the time may jump in a test; leases go on as before.
  const began = clock.now()
  const steady = { now: () => began + clock.monotonic(), monotonic: () => clock.monotonic() }
  const live = new Live({ storage: timedBy(storage, steady), clock: steady, random })
  await storage.transaction(async (tx) => {
    await live.begin(tx, ORGANIZATION)
    await live.begin(tx, LIMITS)
    await beginSigningKeys(tx, live, base.keys)
  })
  await live.start()
  const people = { ...base, live, issuer: ISSUER }
  const providers = new Providers(people, outbound)
  const by = 'operator'
  await createBuiltInGroups(people)
  await registerProvider(people, {
    issuer: provider.issuer,
    name: 'Test',
    clientId: 'remit',
    allowLoopback: true,
    by,
  })
  for (const group of ['support', 'finance']) {
    await createGroup(people, { name: group, description: '', by })
    await mapGroup(people, { issuer: provider.issuer, value: group, group, by })
  }
  const meet = (subject: string, ...groupValues: string[]) =>
    signInPerson(people, {
      issuer: provider.issuer,
      subject,
      name: subject,
      email: undefined,
      groupValues,
      issuedAt: clock.now(),
    })
  const catalog = new Catalog({ storage, live, prepare: prepareClaims })
  const policies = new Policies({ storage, live, catalog })
  const rules = { ...base, live, catalog, revalidate: policies.revalidate.bind(policies) }
  await applyImport(rules, planOrders(), by)
  await publishPolicies(rules, { text: REFUND_DESK, by, note: 'test' })
  const [sam, finn, fay, ada] = await Promise.all([
    meet('sam', 'support'),
    meet('finn', 'finance'),
    meet('fay', 'finance'),
    meet('ada'),
  ])
  await registerAgent(
    { ...base, live },
    {
      name: 'refund-bot',
      description: '',
      ownerId: ada.id,
      trust: 3,
      ceiling: [ALL_OF_ORDERS],
      keys: [agentKey.jwk],
      clients: [{ issuer: provider.issuer, clientId: 'bot-client' }],
      by,
    },
  )
  const issuers = new IssuerTrust({ storage, live, clock, master: base.master }, outbound)
  const facts = new Facts({ storage, live, catalog, issuers })
  const verified = new VerifiedTokens()
  const risk = riskBooks(base, live)
  const points = decisionPoints({ ...base, live })
  const flights = new CallsInFlight()
  const rest = { facts, issuers, verified, risk, points, flights, observer: UNCOUNTED }
  const parts = { ...people, catalog, policies, providers, ...rest }
  return { parts, sam, finn, fay, ada }
}

const reached: Outbound = outbound({ allowOrigins: () => true })

/** Builds the decision points of a process that has just started. */
export function decisionPoints(
  parts: Pick<TestParts, 'storage' | 'master' | 'clock'> & { readonly live: Pick<Live, 'view'> },
): DecisionPoints {
  return new DecisionPoints({ ...parts, outbound: reached })
}

/** Builds the risk books of a process that has just started. */
export function riskBooks(
  { master, random, storage }: Pick<TestParts, 'storage' | 'random' | 'master'>,
  live: Live,
  timeZone = 'UTC',
): RiskHistory {
  const key = master.derive('counterparties')
  return new RiskHistory({ storage, random, replicaId: live.replicaId, key, timeZone })
}
