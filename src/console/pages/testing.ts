import type { StepUp } from '@remit/engine'
import { announcersOf, type CallParts, CallsInFlight, UNCOUNTED } from '../../calls/calls/index.ts'
import { decisionPoints, riskBooks } from '../../calls/calls/testing.ts'
import { Catalog } from '../../catalog/catalog/index.ts'
import { planOrders } from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { approvalsLike } from '../../extensions/analysis/index.ts'
import { submittedWith } from '../../extensions/authzen/submissions/index.ts'
import { registerAgent } from '../../identity/agents/index.ts'
import { mapGroup, type Providers } from '../../identity/identity-providers/index.ts'
import { IssuerTrust } from '../../identity/issuers/index.ts'
import type { Channel, ChannelKind } from '../../identity/notifications/channel.ts'
import type { PasskeyRules } from '../../identity/passkeys/index.ts'
import {
  ADMINISTRATORS,
  findPerson,
  type PeopleParts,
  type Person,
} from '../../identity/people/index.ts'
import {
  PROVIDER,
  someone,
  type TestPeople,
  testPeople,
  withProvider,
} from '../../identity/people/testing.ts'
import { VerifiedTokens } from '../../identity/tokens/index.ts'
import { type TestHttp, testHttp } from '../../platform/http/testing.ts'
import { loadSigningKeys } from '../../platform/keys/index.ts'
import { Ledger, ledgerOrigin } from '../../platform/ledger/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { outbound } from '../../platform/net/index.ts'
import { ORGANIZATION } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { Policies } from '../../policy/policy/index.ts'
import { LIMITS } from '../../tasks/budgets/index.ts'
import { Facts } from '../../tasks/facts/index.ts'
import { addStandIns } from '../stand-in-pages/index.ts'
import type { PageParts } from './parts.ts'
import { problemPageFor } from './problem-page-for.ts'
import { registerPages } from './register.ts'
import { TestBrowser } from './visiting/testing.ts'

export const ORIGIN = 'http://remit.test'
export const LOCATION = 'http://127.0.0.1:7481/orders'

export interface TestPages {
  readonly parts: PageParts
  readonly http: TestHttp
  readonly clock: ManualClock
  /** Every route there is, `GET /tasks/:id`. */
  readonly routes: readonly string[]
  /** A browser without a session. */
  browser(): TestBrowser
  /** A browser in which this person is. */
  browserOf(person: Person): Promise<TestBrowser>
  person(subject: string, ...groups: string[]): Promise<Person>
}

/** All rooms over one store, the pages on top, and a provider that says yes. */
export async function testPages(
  storage: Storage,
  stepUp?: StepUp,
  channels: readonly Channel[] = [],
  kinds: readonly ChannelKind[] = [],
  passkeys?: PasskeyRules,
): Promise<TestPages> {
  const clock = manualClock()
  const people = { ...(await testPeople(storage, clock)), issuer: ORIGIN, stepUp, passkeys }
  await storage.transaction(async (tx) => {
    for (const key of [ORGANIZATION, LIMITS]) await people.live.begin(tx, key)
  })
  await people.live.start()
  await withProvider(people, 'finance', 'support')
  await mapGroup(people, {
    issuer: PROVIDER,
    value: 'eng-administrators',
    group: ADMINISTRATORS,
    by: 'operator',
  })
  const { decisions, catalogParts } = await businessOf(storage, people)
  await applyImport(catalogParts, planOrders(), 'operator')
  const providers = agreeableProvider(people)
  const notifications = { ...people, announcers: announcersOf(decisions), channels, kinds }
  const parts: PageParts = {
    ...{ issuer: ORIGIN, deviceCodes: true, people, providers, decisions },
    notifications,
    companionsOf: submittedWith,
    approvalsLike: (request) => approvalsLike(decisions, request),
  }
  const http = testHttp({ clock, problemPage: problemPageFor(parts) })
  const routes: string[] = []
  http.app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
  })
  registerPages(http.app, parts, addStandIns)
  await http.app.ready()
  const browser = () => new TestBrowser(http)
  return {
    parts,
    http,
    clock,
    routes,
    browser,
    person: (subject, ...groups) => someone(people, subject, groups),
    async browserOf(person) {
      const opened = browser()
      await opened.get(`/sign-in?return_to=%2F`)
      await opened.get(`/sign-in/callback?code=${person.id}`)
      return opened
    },
  }
}

async function businessOf(storage: Storage, people: TestPeople) {
  const { clock, live, master, random, issuer, stepUp } = people
  const keys = await loadSigningKeys({ storage, master, clock, random })
  const origin = ledgerOrigin(issuer)
  const ledger = new Ledger({ storage, key: keys.ledger, origin, clock, random })
  const catalog = new Catalog({ storage, live })
  const policies = new Policies({ storage, live, catalog })
  const issuers = new IssuerTrust({ storage, live, clock }, outbound)
  const facts = new Facts({ storage, live, catalog, issuers })
  const providers = { checkSubjectToken: () => Promise.reject(new Error('not asked here')) }
  const decisions: CallParts = {
    ...{ storage, ledger, clock, random, live, keys, issuer, catalog, policies, providers, facts },
    issuers,
    stepUp,
    master,
    verified: new VerifiedTokens(),
    flights: new CallsInFlight(),
    observer: UNCOUNTED,
    risk: riskBooks({ master, random, storage }, live),
    points: decisionPoints({ master, clock, storage, live }),
  }
  const revalidate = policies.revalidate.bind(policies)
  return { decisions, catalogParts: { storage, ledger, live, clock, revalidate } }
}

/** Signs in the person whom the `code` names by id, in the requested way; with `&weak`, without a word of how. */
function agreeableProvider(people: PeopleParts): Pick<Providers, 'begin' | 'finish'> {
  const begun = new Map<string, { returnTo: string; acr: string | null }>()
  return {
    async begin({ fresh, issuer, returnTo }) {
      if (issuer.includes('down')) throw new Problem('provider.unreachable', 'it does not answer')
      const cookie = base64url(people.random.bytes(32))
      begun.set(cookie, { returnTo, acr: fresh?.acrValues[0] ?? null })
      const url = `${issuer}/authorize?state=${cookie.slice(0, 8)}`
      return { url, cookie: new Secret(cookie), expiresAt: people.clock.now() + 600_000 }
    },
    async finish(callbackUrl, cookie) {
      const id = new URL(callbackUrl, ORIGIN).searchParams.get('code') ?? ''
      const person = await findPerson(people.storage.read, id)
      const signIn = begun.get(cookie ?? '')
      if (!person || !signIn) throw new Error('a sign-in that was not begun')
      const authTime = people.clock.now()
      const { returnTo } = signIn
      const acr = callbackUrl.includes('&weak') ? null : signIn.acr
      return { person, returnTo, authTime, sid: null, proved: { authTime, acr } }
    },
  }
}

/** `refund-bot` of this owner, which may read and refund. */
export function refundBot(pages: TestPages, owner: Person): Promise<void> {
  return addAgent(pages, owner, 'refund-bot')
}

export async function addAgent({ parts }: TestPages, owner: Person, name: string): Promise<void> {
  await registerAgent(
    { ...parts.people, ...parts.decisions },
    {
      name,
      description: 'Handles refunds <b>fast</b>',
      ownerId: owner.id,
      trust: 3,
      ceiling: [detail('orders.read'), detail('orders.refund')],
      by: owner.id,
    },
  )
}

export function detail(action: string, ...bounds: { path: string; op: 'lte'; value: string }[]) {
  return { type: 'remit_call', locations: [LOCATION], actions: [action], bounds } as const
}

export { PROVIDER }
