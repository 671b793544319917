import type { LightMyRequestResponse } from 'fastify'
import { findAgent, IssuerTrust, registerAgent } from '../agents/index.ts'
import {
  type AccessRequest,
  answerRequest,
  attachRequest,
  type Choice,
  exactly,
  listAllowances,
  shownDigest,
} from '../approvals/index.ts'
import { aCall, anAsk } from '../approvals/testing.ts'
import { applyImport, Catalog } from '../catalog/index.ts'
import { planOrders } from '../catalog/testing.ts'
import { insertDecisionQuery } from '../decisions/decision-store.ts'
import { type DecisionParts, Facts } from '../decisions/index.ts'
import { decisionPoints, riskBooks } from '../decisions/testing.ts'
import { type TestHttp, testHttp } from '../http/testing.ts'
import { loadSigningKeys, type MasterKey } from '../keys/index.ts'
import { Ledger, ledgerOrigin } from '../ledger/index.ts'
import { base64url, sha256url } from '../lib/bytes.ts'
import { type ManualClock, manualClock } from '../lib/clock.ts'
import { type Id, newId } from '../lib/id.ts'
import { systemRandom } from '../lib/random.ts'
import { Secret } from '../lib/secret.ts'
import { ORGANIZATION } from '../live/index.ts'
import { outbound } from '../net/index.ts'
import {
  ADMINISTRATORS,
  findPerson,
  mapGroup,
  type PeopleParts,
  type Person,
  type Providers,
} from '../people/index.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../people/testing.ts'
import { Policies } from '../policy/index.ts'
import type { Reader, Step, Storage } from '../storage/index.ts'
import {
  ancestorsOf,
  beginAuthorization,
  findSponsorGrant,
  grantSponsorship,
  holdGrantSteps,
  joinTreeSteps,
  LIMITS,
  openSteps,
  requestConsent,
  type SponsorGrant,
  type Sponsorship,
  type Task,
} from '../tasks/index.ts'
import { VerifiedTokens } from '../tokens/index.ts'
import type { PageParts } from './parts.ts'
import { registerPages } from './register.ts'
import { problemPage } from './trouble/trouble-page.ts'

export const ORIGIN = 'http://remit.test'
const LOCATION = 'http://127.0.0.1:7481/orders'
const HOUR = 3_600_000

export interface TestPages {
  readonly parts: PageParts
  readonly http: TestHttp
  readonly clock: ManualClock
  /** Every route there is, `GET /tasks/:id`. */
  readonly routes: readonly string[]
  /** A browser in which nobody is signed in. */
  browser(): TestBrowser
  /** A browser in which this person is. */
  browserOf(person: Person): Promise<TestBrowser>
  person(subject: string, ...groups: string[]): Promise<Person>
}

/** All rooms over one store, the pages on top, and a provider that says yes. */
export async function testPages(storage: Storage): Promise<TestPages> {
  const clock = manualClock()
  const people = { ...(await testPeople(storage, clock)), issuer: ORIGIN }
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
  const parts: PageParts = { issuer: ORIGIN, deviceCodes: true, people, providers, decisions }
  const http = testHttp({ clock, problemPage })
  const routes: string[] = []
  http.app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`)
  })
  registerPages(http.app, parts)
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

async function businessOf(storage: Storage, people: Awaited<ReturnType<typeof testPeople>>) {
  const { clock, live, random, issuer } = people
  const master = people.master as MasterKey // testPeople makes a whole one
  const keys = await loadSigningKeys({ storage, master, clock, random })
  const origin = ledgerOrigin(issuer)
  const ledger = new Ledger({ storage, key: keys.ledger, origin, clock, random })
  const catalog = new Catalog({ storage, live })
  const policies = new Policies({ storage, live, catalog })
  const issuers = new IssuerTrust({ storage, live, clock }, outbound)
  const facts = new Facts({ storage, live, catalog, issuers })
  const providers = { checkSubjectToken: () => Promise.reject(new Error('not asked here')) }
  const decisions: DecisionParts = {
    ...{ storage, ledger, clock, random, live, keys, issuer, catalog, policies, providers, facts },
    issuers,
    master,
    verified: new VerifiedTokens(),
    risk: riskBooks({ master, random, storage }, live),
    points: decisionPoints({ master, clock, storage, live }),
  }
  const revalidate = policies.revalidate.bind(policies)
  return { decisions, catalogParts: { storage, ledger, live, clock, revalidate } }
}

/** Signs in whoever the `code` names by id. */
function agreeableProvider(people: PeopleParts): Pick<Providers, 'begin' | 'complete'> {
  const begun = new Map<string, string>()
  return {
    async begin({ issuer, returnTo }) {
      const cookie = base64url(people.random.bytes(32))
      begun.set(cookie, returnTo)
      const url = `${issuer}/authorize?state=${cookie.slice(0, 8)}`
      return { url, cookie: new Secret(cookie), expiresAt: people.clock.now() + 600_000 }
    },
    async complete(callbackUrl, cookie) {
      const id = new URL(callbackUrl, ORIGIN).searchParams.get('code') ?? ''
      const person = await findPerson(people.storage.read, id)
      const returnTo = begun.get(cookie ?? '')
      if (!person || returnTo === undefined) throw new Error('a sign-in that nobody began')
      return { person, returnTo, authTime: people.clock.now(), sid: null }
    },
  }
}

/** Keeps cookies and sends what a browser sends. Follows nothing by itself. */
export class TestBrowser {
  readonly #http: TestHttp
  readonly #cookies = new Map<string, string>()

  constructor(http: TestHttp) {
    this.#http = http
  }

  get(url: string): Promise<LightMyRequestResponse> {
    return this.#send({ method: 'GET', url })
  }

  /** As a form of ours is sent: `Origin: null` because of `Referrer-Policy: no-referrer`. */
  post(
    url: string,
    fields: Record<string, string>,
    headers: Record<string, string> = { origin: 'null', 'sec-fetch-site': 'same-origin' },
  ): Promise<LightMyRequestResponse> {
    const payload = new URLSearchParams(fields).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#send({ method: 'POST', url, payload, headers: { ...type, ...headers } })
  }

  /** The hidden fields of the first form on a page, with these on top; then sends it there. */
  async submit(page: string, url: string, fields: Record<string, string>) {
    const { body } = await this.get(page)
    return this.post(url, { ...hiddenFields(body, url), ...fields })
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  async #send(request: {
    method: 'GET' | 'POST'
    url: string
    payload?: string
    headers?: Record<string, string>
  }): Promise<LightMyRequestResponse> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await this.#http.app.inject({
      ...request,
      headers: { host: 'remit.test', accept: 'text/html', ...request.headers, cookie },
    })
    for (const { name, value, maxAge } of answer.cookies) {
      if (maxAge === 0) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}

/** Hidden fields of the form on a page that is sent to `action`. */
export function hiddenFields(body: string, action: string): Record<string, string> {
  const form = [...body.matchAll(/<form[^>]* action="([^"]*)"[\s\S]*?<\/form>/g)].find(
    ([, to]) => to === action,
  )
  const inputs = (form?.[0] ?? '').matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, value]))
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

export async function openedTask(
  { parts, clock }: TestPages,
  person: Pick<Person, 'id'>,
  over: Partial<Task> = {},
): Promise<Task> {
  const id = newId('task', systemRandom)
  const task: Task = {
    id,
    rootId: id,
    parentId: null,
    personId: person.id,
    agentId: 'refund-bot',
    purpose: 'refund order 1042 <i>now</i>',
    details: [detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' })],
    mayDelegate: [],
    bases: [],
    spaceId: null,
    threadId: null,
    authTime: null,
    acr: null,
    keyThumbprint: base64url(systemRandom.bytes(32)),
    openedBy: 'exchange',
    sponsored: false,
    sponsorGrantId: null,
    issuers: [],
    budget: [],
    state: 'open',
    openedAt: clock.now(),
    deadline: clock.now() + HOUR,
    closedAt: null,
    closeReason: null,
    ...over,
  }
  const guards = await guardsOf(parts.decisions.storage.read, task)
  const done = await parts.decisions.storage.commit(openSteps(parts.decisions, task, {}, guards))
  if (!done.committed) throw new Error(`not opened: ${done.failed}`)
  return task
}

/** The task's agent asks about a refund; people of finance answer. */
export async function askedFor(
  { parts }: TestPages,
  task: Task,
  body: Record<string, string> = { amount: '900.00' },
): Promise<AccessRequest> {
  const { actions } = await parts.decisions.catalog.current()
  const attached = await parts.decisions.storage.transaction((tx) =>
    attachRequest(parts.decisions, tx, {
      call: aCall({
        person: task.personId,
        task: task.id,
        definition: actions.get('orders.refund')?.digest ?? '',
        body: { kind: 'json', value: body },
      }),
      taskId: task.id,
      personId: task.personId,
      agentId: task.agentId,
      deadline: task.deadline,
      text: 'Refund 900.00 on order "1042"',
      templateDigest: 't1',
      ask: anAsk({ prompts: ['Large refunds need <someone> from finance'] }),
      inspected: [
        { path: '/order_id', kind: 'string', text: '1042' },
        { path: '/amount', kind: 'decimal', text: body.amount ?? '900.00' },
      ],
      sponsored: task.sponsored,
      policyVersion: 1,
      decisionId: newId('decision', systemRandom),
      insufficient: [],
    }),
  )
  if (attached.outcome === 'too_many_pending') throw new Error('too many pending')
  return attached.request
}

/** This person answers a refund for five times, up to 1000.00. Answers the id. */
export async function allowed(
  pages: TestPages,
  task: Task,
  by: Person,
  over: Partial<Choice> = {},
): Promise<Id<'allowance'>> {
  const { decisions } = pages.parts
  const request = await askedFor(pages, task, { amount: '905.00' })
  const pattern = exactly(request.inspected ?? []).map((part) =>
    part.path === '/amount' ? ({ ...part, how: 'at_most', text: '1000.00' } as const) : part,
  )
  const standing: Choice = { tie: 'task', uses: 5, lifeSeconds: null, pattern, ...over }
  const shown = shownDigest(request, standing)
  await answerRequest(decisions, {
    requestId: request.id,
    person: by,
    answer: 'approve',
    standing,
    shown,
    authTime: 0,
  })
  const [listed] = await listAllowances(decisions, by)
  if (!listed) throw new Error('nothing was given')
  return listed.allowance.id
}

/** The agent asks to act for this person. */
export async function consentAsked({ parts }: TestPages, person: Person): Promise<Id<'consent'>> {
  const asked = await parts.decisions.storage.transaction((tx) =>
    requestConsent(parts.decisions, tx, {
      agentId: 'refund-bot',
      personId: person.id,
      purpose: 'refund order 1042 <i>now</i>',
      details: [
        detail('orders.read'),
        detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' }),
      ],
    }),
  )
  if (asked.outcome !== 'asked') throw new Error(asked.outcome)
  return asked.consentId
}

/** As an opening has them: of what the task is under. */
async function guardsOf(read: Reader, task: Task): Promise<readonly Step[]> {
  const { parentId, sponsorGrantId } = task
  if (parentId !== null) {
    const line = (await ancestorsOf(read, task)).map(({ id }) => id)
    return joinTreeSteps(read, { ...task, parentId }, line)
  }
  const grant = sponsorGrantId === null ? undefined : await findSponsorGrant(read, sponsorGrantId)
  return grant ? holdGrantSteps(read, grant, task.openedAt) : []
}

/** A task of another agent below this one. */
export async function openedChild(
  pages: TestPages,
  parent: Task,
  over: Partial<Task> = {},
): Promise<Task> {
  const { bases, personId, rootId, sponsorGrantId, sponsored } = parent
  return openedTask(
    pages,
    { id: personId },
    {
      ...{ bases, rootId, sponsored, sponsorGrantId },
      parentId: parent.id,
      openedBy: 'child',
      ...over,
    },
  )
}

/** This person lets `refund-bot` read orders while nobody is present. */
export async function sponsoredBy(
  { parts, clock }: TestPages,
  sponsor: Person,
  over: Partial<Sponsorship> = {},
): Promise<SponsorGrant> {
  const { storage, catalog } = parts.decisions
  const agent = await findAgent(storage.read, 'refund-bot')
  if (!agent) throw new Error('there is no refund-bot')
  return grantSponsorship(
    parts.decisions,
    {
      agent,
      sponsor,
      purpose: 'count <b>nightly</b>',
      details: [detail('orders.read')],
      rate: { tasks: 2, seconds: 3600 },
      expiresAt: clock.now() + 30 * 24 * HOUR,
      ...over,
    },
    (await catalog.current()).kindOf,
  )
}

/** A client stands at the authorization endpoint, for whoever sits at this browser. */
export async function authorizationBegun(
  { parts }: TestPages,
  browser: TestBrowser,
): Promise<string> {
  const id = base64url(systemRandom.bytes(16))
  const secret = base64url(systemRandom.bytes(32))
  const redirectUri = 'http://127.0.0.1:1455/callback'
  browser.setCookie('remit_browser', secret)
  await beginAuthorization(parts.decisions, {
    askedDetails: null,
    deferrable: false,
    id,
    clientId: 'refund-bot',
    clientName: 'refund-bot',
    redirectUri,
    redirectUris: [redirectUri],
    resource: LOCATION,
    scope: null,
    browser: sha256url(secret),
  })
  return id
}

export { PROVIDER }

/** A refusal in the books, by a policy of this version. */
export async function decided(
  { parts, clock }: TestPages,
  task: Task,
  policyVersion: number,
): Promise<Id<'decision'>> {
  const id = newId('decision', systemRandom)
  const refused = { passed: false, reason: 'agent.not_permitted' } as const
  const { storage } = parts.decisions
  const query = insertDecisionQuery(storage.read, {
    id,
    taskId: task.id,
    personId: task.personId,
    agentId: task.agentId,
    resource: 'orders',
    action: 'orders.read',
    outcome: 'deny',
    reason: refused.reason,
    callHash: 'h',
    policyVersion,
    requestId: null,
    allowanceId: null,
    explanation: {
      detail: 'the policies do not let refund-bot do this',
      enough: 'another policy',
      gates: [
        { gate: 'credential', passed: true },
        {
          gate: 'agent',
          ...refused,
          subject: task.agentId,
          policies: ['no-reading'],
          note: 'for operators',
        },
      ],
    },
    state: 'decided',
    status: null,
    replicaId: 'rpl',
    at: clock.now(),
    endedAt: null,
  })
  await storage.commit([{ name: 'decision', query, rows: 1 }])
  return id
}
