import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import {
  ALL_OF_ORDERS,
  ORDERS,
  READ,
  REFUND_DESK,
  type World,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import type { Action } from '../../../catalog/catalog/index.ts'
import { planImport } from '../../../catalog/catalog/testing.ts'
import { applyImport } from '../../../catalog/catalog-changes/import/apply-import.ts'
import { suspendResource } from '../../../catalog/catalog-changes/index.ts'
import {
  addAgent,
  only,
  permitAll,
  refundBot,
  refundsUpTo,
  sponsored,
} from '../../../grants/grants/openings/testing.ts'
import {
  linkClient,
  retireAgent,
  setCeiling,
  setOwner,
  unlinkClient,
} from '../../../identity/agents/index.ts'
import {
  addIssuer,
  identifyWorkload,
  setIssuerTerms,
  suspendIssuer,
} from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { newId } from '../../../platform/lib/id.ts'
import { HOUR, WEEKDAYS } from '../../../platform/lib/time-units.ts'
import { LEASE_MS, ORGANIZATION } from '../../../platform/revocation/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { readBudget, setLimit } from '../../../tasks/budgets/index.ts'
import { basesOfPerson, grantBasis } from '../../../tasks/consent/index.ts'
import { endSponsorship } from '../../../tasks/sponsorship/index.ts'
import { endBasis } from '../../../tasks/tasks/index.ts'
import { IssuanceAnswerer } from './issuance-answering.ts'
import type {
  AskedParty,
  IssuanceAnswer,
  IssuanceQuestion,
  IssuanceRequest,
  IssuingAsker,
  TokenShape,
} from './question.ts'

const CODE = 'issue:access_token:authorization_code'
const EXCHANGE = 'issue:access_token:token_exchange'
const ALONE = 'issue:access_token:client_credentials'
const SAM: AskedParty = { type: 'user', id: 'sam' }
const BOT: AskedParty = { type: 'client', id: 'bot-client' }
const JOB = { type: 'workload', id: 'spiffe://prod/job' } as const

const gate = (action = CODE, subject = SAM, audience = ORDERS): IssuanceQuestion => ({
  subject,
  tuple: { kind: 'gate', action, audience },
})
const scope = (name: string, subject = SAM, audience = ORDERS): IssuanceQuestion => ({
  subject,
  tuple: { kind: 'scope', scope: name, audience },
})
const cell = (action: string, location = ORDERS): IssuanceQuestion => ({
  subject: SAM,
  tuple: { kind: 'cell', action, location },
})

function said(answer: IssuanceAnswer | undefined): string {
  return answer?.permitted ? 'permitted' : (answer?.reason ?? 'none')
}

function shaping(answer: IssuanceAnswer | undefined): TokenShape {
  assert.ok(answer?.permitted, said(answer))
  return answer.shaping
}

const ALWAYS = { days: WEEKDAYS, from: '00:00', to: '24:00', zone: 'UTC' }
const BILLING_AT = 'https://gw.example/billing'
const BILLING = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Billing', version: '1' },
    servers: [{ url: 'https://billing.example' }],
    paths: {
      '/bills': { get: { 'x-remit-action': 'list', responses: {} } },
      '/bills/pay': { post: { 'x-remit-action': 'pay', responses: {} } },
    },
  },
  { name: 'billing', identifier: BILLING_AT },
)

type RecordedEvent = Readonly<Record<string, unknown>>

/** Live state after whose first view something changes, once. */
function changedAfterView(parts: World['parts'], change: () => Promise<void>) {
  let isChanged = false
  const view: typeof parts.live.view = async (keys) => {
    const seen = await parts.live.view(keys)
    if (isChanged) return seen
    isChanged = true
    await change()
    return seen
  }
  return new Proxy(parts.live, {
    get: (of, name) => (name === 'view' ? view : Reflect.get(of, name, of)),
  })
}

const catalogOf = (parts: World['parts']) => ({
  ...parts,
  revalidate: parts.policies.revalidate.bind(parts.policies),
})

forEachEngine('servers that ask before they issue', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { parts } = world
    const view = await parts.live.view([ORGANIZATION])
    const answering = (
      over: Partial<IssuingAsker> = {},
      of: typeof parts = parts,
      answered: ConstructorParameters<typeof IssuanceAnswerer>[2] = { append: async () => {} },
    ) =>
      new IssuanceAnswerer(
        of,
        {
          ...{ pep: 'login', issuer: world.provider.issuer, parties: [], audiences: [] },
          ...{ resources: null, view, ...over },
        },
        answered,
      )
    const ask = (
      questions: readonly IssuanceQuestion[],
      over: Partial<IssuanceRequest> = {},
      asker: Partial<IssuingAsker> = {},
    ) =>
      answering(asker).answers({
        ...{ questions, clientId: 'bot-client', bound: true, ip: '192.0.2.9' },
        ...{ sponsorGrant: undefined, tokenId: undefined, ...over },
      })
    const saysAll = async (...given: Parameters<typeof ask>) => (await ask(...given)).map(said)
    return { world, parts, ask, saysAll, answering }
  }

  /** Replaces Sam's consents by one to these details. */
  async function allowOnly(world: World, details: readonly Detail[], expiresAt?: number) {
    const { parts, sam } = world
    const now = parts.clock.now()
    for (const { id } of await basesOfPerson(parts.storage.read, sam.id, now))
      await endBasis(parts, { basisId: id, by: sam.id })
    await grantBasis(parts, {
      ...{ personId: sam.id, agentId: 'refund-bot', kind: 'consent', details, grantedBy: sam.id },
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })
  }

  test('gate, scopes and cells: what person, agent, ceiling and basis leave', async (t) => {
    const { world, ask, saysAll } = await begin(t)
    const asked = [gate(), scope('orders.read'), scope('orders.refund'), cell('orders.list')]
    assert.deepEqual(await saysAll(asked), Array(4).fill('permitted'))
    const [first] = await ask(asked)
    assert.deepEqual(shaping(first), { tokenLifetime: 300 })
    await allowOnly(world, [only('orders.read')])
    assert.deepEqual(await saysAll(asked), [
      'permitted',
      'permitted',
      'issuance.not_permitted',
      'issuance.not_permitted',
    ])
    await setCeiling(world.parts, {
      agentId: 'refund-bot',
      ceiling: [only('orders.list')],
      by: 'operator',
    })
    assert.deepEqual(await saysAll(asked), Array(4).fill('task.beyond_basis'))
    await setCeiling(world.parts, { agentId: 'refund-bot', ceiling: [], by: 'operator' })
    assert.deepEqual(await saysAll(asked), Array(4).fill('task.beyond_ceiling'))
  })

  test('the person gate and the agent gate count, and what people could lift hides nothing', async (t) => {
    const { world, saysAll } = await begin(t)
    // Refunds over 100.00 ask people, smaller ones do not; Finn of finance may do nothing.
    assert.deepEqual(await saysAll([gate(), scope('orders.refund')]), ['permitted', 'permitted'])
    const finn: AskedParty = { type: 'user', id: 'finn' }
    assert.deepEqual(await saysAll([gate(CODE, finn)]), ['task.beyond_basis'])
    await grantBasis(world.parts, {
      ...{ personId: world.finn.id, agentId: 'refund-bot', kind: 'consent' },
      ...{ details: [ALL_OF_ORDERS], grantedBy: world.finn.id },
    })
    assert.deepEqual(await saysAll([gate(CODE, finn)]), ['issuance.not_permitted'])
    await permitAll(world, world.finn)
    assert.deepEqual(await saysAll([gate(CODE, finn)]), ['permitted'])
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}\n@id("not-this-bot") forbid (principal == Agent::"refund-bot", action in Action::"write", resource);`,
      ...{ by: 'operator', note: 'test' },
    })
    assert.deepEqual(await saysAll([gate(), scope('orders.read'), scope('orders.refund')]), [
      'permitted',
      'permitted',
      'issuance.not_permitted',
    ])
  })

  test('rules about issuing tokens hold for those of others, each at its resource', async (t) => {
    const { world, saysAll } = await begin(t)
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}\n@id("no") forbid (principal is Agent, action == Action::"${EXCHANGE}", resource);`,
      ...{ by: 'operator', note: 'test' },
    })
    assert.deepEqual(await saysAll([gate(), scope('orders.read')]), ['permitted', 'permitted'])
    assert.deepEqual(await saysAll([gate(EXCHANGE), scope('orders.read'), cell('orders.read')]), [
      'issuance.forbidden',
      'issuance.forbidden',
      'issuance.forbidden',
    ])
    // A refresh token has a gate of its own.
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}\n@id("no") forbid (principal, action == Action::"issue:refresh_token:authorization_code", resource);`,
      ...{ by: 'operator', note: 'test' },
    })
    const refresh = gate('issue:refresh_token:authorization_code')
    assert.deepEqual(await saysAll([gate(), refresh, scope('orders.read')]), [
      'permitted',
      'issuance.forbidden',
      'permitted',
    ])
  })

  test('kinds of token and grants that there are not, and pairs that make no sense, are denied', async (t) => {
    const { saysAll } = await begin(t)
    for (const action of [
      'issue:access_token:password',
      'issue:cookie:token_exchange',
      'issue:saml2:token_exchange',
      'issue:id_jag:authorization_code',
      'issue:access_token',
      'issue',
      'issue:',
      'issue:access_token:authorization_code:x',
      'issue:Access_Token:authorization_code',
      ALONE,
    ])
      assert.deepEqual(await saysAll([gate(action)]), ['issuance.unknown'], action)
    assert.deepEqual(await saysAll([scope('orders.read'), cell('orders.read')]), [
      'issuance.no_gate',
      'issuance.no_gate',
    ])
    assert.deepEqual(await saysAll([gate('issue:x:y'), scope('orders.read')]), [
      'issuance.unknown',
      'issuance.no_gate',
    ])
  })

  test('who is not known is nobody: subject, client, workload, two persons', async (t) => {
    const { world, saysAll } = await begin(t)
    const user = (id: string): AskedParty => ({ type: 'user', id })
    assert.deepEqual(await saysAll([gate(CODE, user(world.sam.id))]), ['permitted'], 'our own id')
    assert.deepEqual(await saysAll([gate(CODE, user('nobody'))]), ['person.unknown'])
    assert.deepEqual(await saysAll([gate()], { clientId: undefined }), ['agent.unknown'])
    assert.deepEqual(await saysAll([gate()], { clientId: 'other' }), ['agent.unknown'])
    assert.deepEqual(await saysAll([gate()], { clientId: 'refund-bot' }), ['agent.unknown'])
    assert.deepEqual(await saysAll([gate()], {}, { issuer: 'https://other.example' }), [
      'agent.unknown',
    ])
    assert.deepEqual(await saysAll([gate(), gate(CODE, user('finn'))]), [
      'evaluation.wrong_subject',
      'evaluation.wrong_subject',
    ])
    const job: AskedParty = { type: 'workload', id: 'spiffe://prod/job' }
    assert.deepEqual(await saysAll([gate(EXCHANGE), gate(EXCHANGE, job)]), [
      'agent.unknown',
      'agent.unknown',
    ])
  })

  test('a client is the agent it is linked to, or the one that was set for it, from then and until then', async (t) => {
    const { world, saysAll } = await begin(t)
    const link = {
      issuer: world.provider.issuer,
      clientId: 'other',
      agentId: 'refund-bot',
      by: 'x',
    }
    const asked = { clientId: 'other' }
    await linkClient(world.parts, link)
    assert.deepEqual(await saysAll([gate()], asked), ['permitted'])
    await unlinkClient(world.parts, link)
    assert.deepEqual(await saysAll([gate()], asked), ['agent.unknown'])
    await addAgent(world, 'helper')
    const parties = [{ type: 'client', id: 'bot-client', agent: 'helper' }] as const
    assert.deepEqual(await saysAll([gate()], {}, { parties }), ['task.beyond_basis'], 'set first')
  })

  test('the requesting party counts beside the subject, with its own ceiling and basis', async (t) => {
    const { world, saysAll } = await begin(t)
    const helper = await addAgent(world, 'helper', { ceiling: [only('orders.read')] })
    const job: AskedParty = { type: 'workload', id: 'spiffe://prod/helper' }
    const parties = [{ ...job, type: 'workload', agent: helper.id }] as const
    const asked = [
      gate(EXCHANGE),
      gate(EXCHANGE, job),
      scope('orders.read'),
      scope('orders.refund'),
      scope('orders.read', job),
    ]
    const says = (over: Partial<IssuanceRequest> = {}) => saysAll(asked, over, { parties })
    assert.deepEqual(await says(), Array(5).fill('task.beyond_basis'), 'nobody let it act for Sam')
    await world.allow([ALL_OF_ORDERS], helper.id)
    assert.deepEqual(await says(), Array(5).fill('issuance.not_permitted'), 'no policy does')
    await permitAll(world, world.sam)
    const left = ['permitted', 'permitted', 'permitted', 'issuance.not_permitted', 'permitted']
    assert.deepEqual(await says(), left)
    assert.deepEqual(await says({ clientId: undefined }), left, 'it stands for itself')
    assert.deepEqual(await says({ clientId: 'unknown' }), left)
    await setCeiling(world.parts, {
      ...{ agentId: 'refund-bot', ceiling: [only('orders.list')], by: 'operator' },
    })
    assert.deepEqual(
      await says(),
      Array(5).fill('task.beyond_ceiling'),
      'a known client counts, too',
    )
  })

  test('everybody alive: person, agent, owner, resource, organization of rules', async (t) => {
    const { world, parts, saysAll } = await begin(t)
    const asked = [gate(), scope('orders.read')]
    await suspendResource(catalogOf(parts), { name: 'orders', by: 'operator', reason: 'test' })
    assert.deepEqual(await saysAll(asked), Array(2).fill('resource.suspended'))
    await suspendPerson(parts, { personId: world.sam.id, by: 'operator', reason: 'test' })
    assert.deepEqual(await saysAll(asked), Array(2).fill('person.suspended'))
    const finn: AskedParty = { type: 'user', id: 'finn' }
    await suspendPerson(parts, { personId: world.ada.id, by: 'operator', reason: 'test' })
    const [withOwner] = await saysAll([gate(CODE, finn)])
    assert.equal(withOwner, 'agent.owner_suspended')
    await retireAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: 'test' })
    assert.deepEqual(await saysAll([gate(CODE, finn)]), ['agent.retired'])
  })

  test('bounds: cells bring them, scopes say them in a claim that has to be understood', async (t) => {
    const { world, ask } = await begin(t)
    await allowOnly(world, [only('orders.read'), refundsUpTo('50.00', '1042')])
    const asked = [gate(), scope('orders.read'), scope('orders.refund'), cell('orders.refund')]
    const [first, read, refund, detail] = await ask(asked)
    const bounded = [refundsUpTo('50.00', '1042')]
    assert.deepEqual(shaping(first), { tokenLifetime: 300, within: bounded })
    assert.deepEqual(shaping(read), {})
    assert.deepEqual(shaping(refund), {})
    assert.deepEqual(shaping(detail).details, bounded)
    const [plain] = await ask([gate(), cell('orders.read')])
    assert.deepEqual(shaping(plain), { tokenLifetime: 300, grantedScope: '' })
  })

  test('without scopes the grantable set is named, with what holds within bounds only', async (t) => {
    const { world, ask } = await begin(t)
    await allowOnly(world, [only('orders.read', 'orders.list'), refundsUpTo('50.00')])
    const [first] = await ask([gate()])
    const { grantedScope = '', within } = shaping(first)
    assert.deepEqual(grantedScope.split(' ').toSorted(), [
      'orders.list',
      'orders.read',
      'orders.refund',
    ])
    assert.deepEqual(within, [refundsUpTo('50.00')])
    const [, refresh] = await ask([gate(), gate('issue:refresh_token:authorization_code')])
    assert.equal('grantedScope' in shaping(refresh), false)
  })

  test('no token outlives what it stands on, and none its kind', async (t) => {
    const { world, parts, ask, saysAll } = await begin(t)
    const seconds = async (action: string) => shaping((await ask([gate(action)]))[0]).tokenLifetime
    assert.equal(await seconds(CODE), 300)
    assert.equal(await seconds('issue:refresh_token:authorization_code'), 24 * 3600)
    assert.equal(await seconds('issue:txn_token:token_exchange'), 60)
    await allowOnly(world, [ALL_OF_ORDERS], parts.clock.now() + 90_500)
    assert.equal(await seconds(CODE), 90)
    assert.equal(await seconds('issue:refresh_token:authorization_code'), 90)
    assert.equal(await seconds('issue:txn_token:token_exchange'), 60)
    parts.clock.advance(90_000)
    assert.deepEqual(await saysAll([gate()]), ['task.beyond_basis'], 'half a second is no lifetime')
  })

  test('an agent alone: under one sponsor grant that counts nothing, for its sponsor', async (t) => {
    const { world, ask, saysAll } = await begin(t)
    const alone = [gate(ALONE, BOT), scope('orders.read', BOT), scope('orders.refund', BOT)]
    assert.deepEqual(await saysAll(alone), Array(3).fill('sponsor_grant.unknown'))
    const counted = await sponsored(world, refundBot(world))
    assert.deepEqual(await saysAll(alone), Array(3).fill('sponsor_grant.not_in_force'))
    const always = { rate: undefined, schedule: ALWAYS }
    const grant = await sponsored(world, refundBot(world), always)
    assert.deepEqual(await saysAll(alone), Array(3).fill('sponsor_grant.ambiguous'))
    assert.deepEqual(
      await saysAll(alone, { sponsorGrant: counted.id }),
      Array(3).fill('sponsor_grant.not_in_force'),
    )
    const under = { sponsorGrant: grant.id }
    assert.deepEqual(await saysAll(alone, under), Array(3).fill('issuance.not_permitted'))
    await permitAll(world, world.ada)
    const left = ['permitted', 'permitted', 'issuance.not_permitted']
    assert.deepEqual(await saysAll(alone, under), left)
    assert.equal(shaping((await ask(alone, under))[0]).tokenLifetime, 300)
    for (const action of ['issue:id_token:token_exchange', CODE, 'issue:refresh_token:ciba'])
      assert.deepEqual(await saysAll([gate(action, BOT)], under), ['issuance.unknown'], action)
    assert.deepEqual(await saysAll([gate(EXCHANGE, BOT)], under), ['permitted'])
  })

  test('audiences by another name: a peer server, a trust domain; and what may not be asked about', async (t) => {
    const { ask, saysAll } = await begin(t)
    const peer = 'https://as.app.example'
    const audiences = [{ id: peer, resources: ['orders'] }]
    const jag = 'issue:id_jag:token_exchange'
    const asked = [gate(jag, SAM, peer), gate(jag, BOT, peer), scope('orders.read', SAM, peer)]
    assert.deepEqual(await saysAll(asked), Array(3).fill('resource.unknown'))
    assert.deepEqual(await saysAll(asked, {}, { audiences }), Array(3).fill('permitted'))
    // Level 2: the resource behind it, without a gate of its own.
    const two = [...asked, scope('orders.read'), cell('orders.refund')]
    assert.deepEqual(await saysAll(two, {}, { audiences }), Array(5).fill('permitted'))
    const [scopeless] = await ask([gate(jag, SAM, peer), gate(jag, BOT, peer)], {}, { audiences })
    assert.match(shaping(scopeless).grantedScope ?? '', /orders\.read/)
    assert.deepEqual(
      await saysAll(two, {}, { audiences, resources: [] }),
      Array(5).fill('resource.unknown'),
    )
    assert.deepEqual(await saysAll([gate(), scope('orders.nothing'), cell('orders.nothing')]), [
      'permitted',
      'action.unknown',
      'action.unknown',
    ])
    assert.deepEqual(await saysAll([gate(CODE, SAM, `${ORDERS}/`)]), ['resource.unknown'])
  })

  test('a limit that is used up for good keeps tokens back', async (t) => {
    const { world, parts, saysAll } = await begin(t)
    const read = readBudget([{ limit: 'calls', max: 1 }], await parts.catalog.current())
    assert.ok(read.ok)
    const [limit] = read.limits
    assert.ok(limit)
    const subject = { kind: 'agent', id: 'refund-bot' } as const
    await setLimit(parts, { subject, eachTask: false, by: 'operator', limit })
    assert.deepEqual(await saysAll([gate()]), ['permitted'])
    const held = await world.open()
    await world.decide(held, await world.token(held), READ)
    assert.deepEqual(await saysAll([gate()]), ['issuance.not_permitted'])
    // The limit is of this agent alone.
    const { id } = await addAgent(world, 'helper')
    await world.allow([ALL_OF_ORDERS], id)
    await permitAll(world, world.sam)
    const parties = [{ type: 'client', id: 'bot-client', agent: id }] as const
    assert.deepEqual(await saysAll([gate()], {}, { parties }), ['permitted'])
    assert.deepEqual(await saysAll([gate()]), ['issuance.not_permitted'])
  })

  test('an answer that is given still holds: what changes meanwhile withdraws it', async (t) => {
    const { world, parts, answering } = await begin(t)
    const request: IssuanceRequest = {
      ...{ questions: [gate()], clientId: 'bot-client', bound: true, ip: '' },
      ...{ sponsorGrant: undefined, tokenId: undefined },
    }
    const changes: readonly (() => Promise<unknown>)[] = [
      () => publishPolicies(parts, { text: REFUND_DESK, by: 'operator', note: 'again' }),
      () => setCeiling(parts, { agentId: 'refund-bot', ceiling: [ALL_OF_ORDERS], by: 'x' }),
      () => world.signIn('sam', 'support', 'finance'),
      () => suspendResource(catalogOf(parts), { name: 'orders', by: 'operator', reason: 'test' }),
    ]
    for (const change of changes) {
      const one = answering()
      assert.deepEqual((await one.answers(request)).map(said), ['permitted'])
      assert.equal(one.stands(), true)
      await change()
      assert.deepEqual([one.stands(), await one.stillStands()], [false, false])
    }
    const denied = answering()
    await denied.answers(request)
    assert.equal(denied.stands(), true, 'a denial is withdrawn by nothing')
  })

  test('core M1: an answer is told after a lease that ran out, and not after a change meanwhile', async (t) => {
    const { parts, answering } = await begin(t)
    const one = answering()
    await one.answers({
      ...{ questions: [gate()], clientId: 'bot-client', bound: true, ip: '' },
      ...{ sponsorGrant: undefined, tokenId: undefined },
    })
    parts.clock.advance(LEASE_MS)
    assert.deepEqual([one.stands(), await one.stillStands()], [false, true])
    await setCeiling(parts, { agentId: 'refund-bot', ceiling: [ALL_OF_ORDERS], by: 'x' })
    parts.clock.advance(LEASE_MS)
    assert.equal(await one.stillStands(), false)
  })

  test('a sponsor grant counts while it is in force, at its times, for its agent, and for what it says', async (t) => {
    const { world, parts, ask, saysAll } = await begin(t)
    await permitAll(world, world.ada)
    const alone = [gate(ALONE, BOT), scope('orders.read', BOT)]
    const both = (reason: string) => Array(2).fill(reason)
    const [day] = WEEKDAYS.filter(
      (each) => each !== WEEKDAYS[(new Date(parts.clock.now()).getUTCDay() + 6) % 7],
    )
    assert.ok(day)
    const elsewhen = await sponsored(world, refundBot(world), {
      ...{ rate: undefined, schedule: { ...ALWAYS, days: [day] } },
    })
    assert.deepEqual(await saysAll(alone), both('sponsor_grant.not_now'))
    await endSponsorship(parts, { grantId: elsewhen.id, by: world.ada.id })
    assert.deepEqual(await saysAll(alone), both('sponsor_grant.unknown'))
    const ended = { sponsorGrant: elsewhen.id }
    assert.deepEqual(await saysAll(alone, ended), both('sponsor_grant.unknown'))
    const helper = await addAgent(world, 'helper')
    const others = await sponsored(world, helper, { rate: undefined, schedule: ALWAYS })
    const of = { sponsorGrant: others.id }
    assert.deepEqual(await saysAll(alone, of), both('sponsor_grant.unknown'), "another agent's")
    const expiresAt = parts.clock.now() + 90_000
    const grant = await sponsored(world, refundBot(world), {
      rate: undefined,
      schedule: ALWAYS,
      expiresAt,
    })
    const under = { sponsorGrant: grant.id }
    assert.equal(shaping((await ask(alone, under))[0]).tokenLifetime, 90)
    // A basis of an administrator counts beside the sponsor grant. The sponsor's own consent does not.
    const basis = { personId: world.ada.id, agentId: 'refund-bot', grantedBy: world.ada.id }
    await grantBasis(parts, { ...basis, kind: 'consent', details: [only('orders.list')] })
    assert.deepEqual(await saysAll(alone, under), both('permitted'))
    await grantBasis(parts, { ...basis, kind: 'admin', details: [only('orders.list')] })
    assert.deepEqual(await saysAll(alone, under), ['permitted', 'issuance.not_permitted'])
    parts.clock.advance(90_000)
    assert.deepEqual(await saysAll(alone, under), both('sponsor_grant.unknown'))
  })

  test('a person whom the provider has not confirmed for long is none, and a sponsor neither, later', async (t) => {
    const { world, parts, saysAll } = await begin(t)
    await permitAll(world, world.sam, world.ada)
    await sponsored(world, refundBot(world), { rate: undefined, schedule: ALWAYS })
    const asked = () => Promise.all([saysAll([gate()]), saysAll([gate(ALONE, BOT)])])
    parts.clock.advance(24 * HOUR)
    assert.deepEqual(await asked(), [['permitted'], ['permitted']])
    parts.clock.advance(1)
    assert.deepEqual(await asked(), [['person.stale'], ['permitted']])
  })

  test('behind an audience the APIs that are alive count, each with its own actions', async (t) => {
    const { world, parts, ask, saysAll } = await begin(t)
    await applyImport(catalogOf(parts), BILLING, 'operator')
    await permitAll(world, world.sam)
    const peer = 'https://as.app.example'
    const asker = { audiences: [{ id: peer, resources: ['orders', 'billing', 'gone'] }] }
    const all = { type: 'remit_call', locations: [BILLING_AT], bounds: [] } as const
    const pays = [{ ...all, actions: ['billing.pay', 'billing.list'] }]
    await setCeiling(parts, {
      ...{ agentId: 'refund-bot', ceiling: [ALL_OF_ORDERS, ...pays], by: 'operator' },
    })
    await world.allow(pays)
    const asked = [
      ...[gate(CODE, SAM, peer), scope('orders.read', SAM, peer)],
      ...[scope('billing.pay', SAM, peer), cell('billing.list', BILLING_AT)],
    ]
    const says = () => saysAll(asked, {}, asker)
    assert.deepEqual(await says(), Array(4).fill('permitted'))
    const scopes = async () => {
      const [first] = await ask([gate(CODE, SAM, peer)], {}, asker)
      return (shaping(first).grantedScope ?? '').split(' ').filter((name) => name.endsWith('list'))
    }
    assert.deepEqual((await scopes()).toSorted(), ['billing.list', 'orders.list'])
    // An action is of one API alone, whatever the audience.
    assert.deepEqual(
      await saysAll([gate(), scope('billing.pay'), cell('billing.pay')], {}, asker),
      [...['permitted', 'action.unknown', 'action.unknown']],
    )
    assert.deepEqual(await saysAll(asked, {}, { ...asker, resources: ['orders'] }), [
      ...['permitted', 'permitted', 'action.unknown', 'resource.unknown'],
    ])
    await suspendResource(catalogOf(parts), { name: 'billing', by: 'operator', reason: 'test' })
    const left = ['permitted', 'permitted', 'action.unknown', 'resource.suspended']
    assert.deepEqual(await says(), left)
    assert.deepEqual(await scopes(), ['orders.list'])
    await suspendResource(catalogOf(parts), { name: 'orders', by: 'operator', reason: 'test' })
    assert.deepEqual(await says(), Array(4).fill('resource.suspended'))
  })

  test('an action that waits for an administrator is not named, and not had', async (t) => {
    const { parts, answering } = await begin(t)
    const view = await parts.catalog.current()
    const held = { ...view, actionsOf: (name: string) => view.actionsOf(name).map(hold) }
    const hold = (action: Action) =>
      action.name === 'orders.read' ? { ...action, quarantined: true as const } : action
    const catalog = { ...parts.catalog, current: async () => held }
    const one = answering({}, { ...parts, catalog: catalog as unknown as typeof parts.catalog }) // as: nothing else is asked
    const request: IssuanceRequest = {
      ...{ questions: [gate()], clientId: 'bot-client', bound: true, ip: '' },
      ...{ sponsorGrant: undefined, tokenId: undefined },
    }
    const [first] = await one.answers(request)
    const names = (shaping(first).grantedScope ?? '').split(' ')
    assert.deepEqual([names.includes('orders.list'), names.includes('orders.read')], [true, false])
  })

  test('rules see the address, whether the token is bound, and the class of each action', async (t) => {
    const { world, saysAll } = await begin(t)
    const publish = (when: string) =>
      publishPolicies(world.parts, {
        text: `${REFUND_DESK}\n@id("no") forbid (principal, action, resource) when { ${when} };`,
        ...{ by: 'operator', note: 'test' },
      })
    const asked = [gate(), scope('orders.read'), scope('orders.refund')]
    await publish('!(context.origin.ip like "192.0.2.*")')
    assert.deepEqual(await saysAll(asked), Array(3).fill('permitted'))
    assert.deepEqual(new Set(await saysAll(asked, { ip: '198.51.100.7' })).has('permitted'), false)
    await publish('!context.token.bound')
    assert.deepEqual(await saysAll(asked), Array(3).fill('permitted'))
    assert.deepEqual(new Set(await saysAll(asked, { bound: false })).has('permitted'), false)
    await publish('context.risk.class == "high"')
    assert.deepEqual(await saysAll(asked), ['permitted', 'permitted', 'issuance.not_permitted'])
  })

  test('a limit of a while keeps no token back', async (t) => {
    const { world, parts, saysAll } = await begin(t)
    const read = readBudget(
      [{ limit: 'calls', max: 1, seconds: 3600 }],
      await parts.catalog.current(),
    )
    assert.ok(read.ok)
    const [limit] = read.limits
    assert.ok(limit)
    const subject = { kind: 'agent', id: 'refund-bot' } as const
    await setLimit(parts, { subject, eachTask: false, by: 'operator', limit })
    const held = await world.open()
    await world.decide(held, await world.token(held), READ)
    assert.deepEqual(await saysAll([gate()]), ['permitted'])
  })

  test('a record of the answers says for whom, by whom and why not, and a later one that they are withdrawn', async (t) => {
    const { world, parts, answering } = await begin(t)
    const events: RecordedEvent[] = []
    const append = async (event: RecordedEvent) => {
      events.push(event)
    }
    const book = async (questions: readonly IssuanceQuestion[], over: Partial<IssuanceRequest>) => {
      const one = answering({}, parts, { append: append as never }) // as: what it is given is looked at
      const answers = await one.answers({
        ...{ questions, clientId: 'bot-client', bound: true, ip: '' },
        ...{ sponsorGrant: undefined, tokenId: undefined, ...over },
      })
      const id = newId('decision', parts.random)
      const permitted = answers.filter((each) => each.permitted).length
      await one.book({
        ...{ id, kind: 'evaluation', answers: answers.length, permitted },
        ...{ private: { who: 'sam' }, reason: permitted < answers.length ? 'policy' : undefined },
      } as never) // as: all that it reads
      await one.withdraw(id)
      return id
    }
    const id = await book([gate(), scope('orders.nothing')], { tokenId: 'jti-1' })
    assert.deepEqual(events.splice(0), [
      {
        ...{ type: 'evaluation.answered', decisionId: id, person: world.sam.id },
        ...{ agent: 'refund-bot', chain: ['refund-bot'], tokenId: 'jti-1' },
        ...{ reason: 'policy', outcome: 'permit' },
        facts: { pep: 'login', kind: 'evaluation', answers: 2, permitted: 1, about: 'issuance' },
        private: { who: 'sam', reasons: ' action.unknown' },
      },
      { type: 'evaluation.withdrawn', decisionId: id, facts: { pep: 'login' } },
    ])
    await book([gate()], {})
    const [{ private: kept, ...permitted } = assert.fail()] = events.splice(0)
    assert.deepEqual(kept, { who: 'sam' })
    assert.ok(!('tokenId' in permitted) && !('reason' in permitted) && !('outcome' in permitted))
    await book([gate(CODE, { type: 'user', id: 'nobody' })], {})
    const [denied] = events
    assert.deepEqual(
      [denied?.person, denied?.agent, denied?.chain, denied?.outcome],
      [undefined, undefined, undefined, 'deny'],
    )
  })

  test('a party is meant by its kind and its name, and a workload is no client of that name', async (t) => {
    const { world, saysAll } = await begin(t)
    await addAgent(world, 'helper')
    for (const party of [
      { type: 'workload', id: 'bot-client', agent: 'helper' },
      { type: 'client', id: 'other', agent: 'helper' },
    ] as const)
      assert.deepEqual(await saysAll([gate()], {}, { parties: [party] }), ['permitted'], party.type)
    const workload: AskedParty = { type: 'workload', id: 'bot-client' }
    assert.deepEqual(await saysAll([gate(EXCHANGE, workload)]), ['agent.unknown'])
    const unknown = { sponsorGrant: 'spg_unknown' }
    assert.deepEqual(await saysAll([gate(ALONE, BOT)], unknown), ['sponsor_grant.unknown'])
  })

  test('a client that is another agent, or none, by the time that all of it was read is none', async (t) => {
    const { world, parts, answering } = await begin(t)
    await addAgent(world, 'helper')
    await addAgent(world, 'first')
    const link = { issuer: world.provider.issuer, clientId: 'other', by: 'x' }
    const beside = [gate(EXCHANGE), gate(EXCHANGE, JOB)]
    for (const questions of [[gate()], beside])
      for (const next of [undefined, 'helper']) {
        await linkClient(parts, { ...link, agentId: 'refund-bot' })
        const live = changedAfterView(parts, async () => {
          await unlinkClient(parts, { ...link, agentId: 'refund-bot' })
          if (next) await linkClient(parts, { ...link, agentId: next })
        })
        const parties = [{ ...JOB, agent: 'first' }]
        const answers = await answering({ parties }, { ...parts, live }).answers({
          ...{ questions, clientId: 'other', bound: true, ip: '' },
          ...{ sponsorGrant: undefined, tokenId: undefined },
        })
        assert.deepEqual(new Set(answers.map(said)), new Set(['agent.unknown']), next ?? 'none')
        if (next) await unlinkClient(parts, { ...link, agentId: next })
      }
  })

  test('what scopes hold within is said once, by the first gate that is permitted, and of what is denied nothing', async (t) => {
    const { world, ask, saysAll } = await begin(t)
    await allowOnly(world, [only('orders.read'), refundsUpTo('50.00')])
    const within = [refundsUpTo('50.00')]
    const refund = scope('orders.refund')
    const [, , first, second] = await ask([refund, gate('issue:x:y'), gate(), gate(EXCHANGE)])
    assert.deepEqual(shaping(first), { tokenLifetime: 300, within })
    assert.deepEqual(shaping(second), { tokenLifetime: 300 })
    const [alone] = await ask([gate(), scope('orders.nothing'), scope('orders.read')])
    assert.deepEqual(shaping(alone), { tokenLifetime: 300 })
    // A refresh token alone opens scopes as the gate that it is.
    const refresh = gate('issue:refresh_token:authorization_code')
    assert.deepEqual(await saysAll([refresh, scope('orders.read')]), Array(2).fill('permitted'))
  })

  test('scopes that were asked about elsewhere leave the default of an audience to be named', async (t) => {
    const { ask } = await begin(t)
    const peer = 'https://as.app.example'
    const audiences = [{ id: peer, resources: ['orders'] }]
    const [here] = await ask([gate(), scope('orders.read', SAM, peer)], {}, { audiences })
    assert.match(shaping(here).grantedScope ?? '', /orders\.read/)
  })

  test('a token of one second is one', async (t) => {
    const { world, parts, ask } = await begin(t)
    await allowOnly(world, [ALL_OF_ORDERS], parts.clock.now() + 1_000)
    assert.equal(shaping((await ask([gate()]))[0]).tokenLifetime, 1)
  })

  test('a rule about issuing that cannot be evaluated is told as that', async (t) => {
    const { world, saysAll } = await begin(t)
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}\n@id("broken") forbid (principal, action == Action::"${CODE}", resource) when { 9223372036854775807 + 1 > 0 };`,
      ...{ by: 'operator', note: 'test' },
    })
    assert.deepEqual(await saysAll([gate()]), ['policy.error'])
  })

  test('a rule about issuing that people can lift denies, where it applies: a server that asks can ask no people', async (t) => {
    const { world, saysAll } = await begin(t)
    const asks = `@id("asks") @requestable("people look at it") @approvers("group:finance")`
    await publishPolicies(world.parts, {
      text: `${REFUND_DESK}\n${asks} forbid (principal is Person, action == Action::"${CODE}", resource);`,
      ...{ by: 'operator', note: 'test' },
    })
    assert.deepEqual(await saysAll([gate()]), ['issuance.forbidden'])
    assert.deepEqual(await saysAll([gate(EXCHANGE), scope('orders.read')]), [
      'permitted',
      'permitted',
    ])
  })

  test('with no person present, rules that ask for one do not hold', async (t) => {
    const { world, saysAll } = await begin(t)
    await permitAll(world, world.ada)
    await sponsored(world, refundBot(world), { rate: undefined, schedule: ALWAYS })
    const text = `${REFUND_DESK}
@id("agents") permit (principal is Agent, action, resource);
@id("ada") permit (principal == Person::"${world.ada.id}", action, resource);
@id("no-one-there") forbid (principal is Agent, action, resource) when { context has person };`
    await publishPolicies(world.parts, { text, by: 'operator', note: 'test' })
    assert.deepEqual(await saysAll([gate(ALONE, BOT)]), ['permitted'])
    assert.equal((await saysAll([gate()]))[0] === 'permitted', false)
  })

  /** Trusts a platform, which vouches for an agent that may do for Sam what he may. */
  async function vouched(world: World) {
    const parts = { ...world.parts, loopback: true }
    const { ada, sam } = world
    const admit = { trust: 3, ceiling: [ALL_OF_ORDERS], owner: ada.id }
    const terms = (over: Partial<IssuerDescription>) => ({
      ...{ uses: ['workload'], trust: 3, ceiling: null, ownerId: ada.id },
      rules: [{ name: 'all', when: [{ claim: 'sub', prefix: 'agent/' }], admit }],
      ...over,
    })
    const issuer = await addIssuer(parts, {
      ...terms({}),
      ...{ name: 'platform', issuer: 'https://platform.example', by: ada.id },
    })
    const subject = 'agent/1'
    const claims = { iss: issuer.issuer, aud: [], sub: subject, iat: 0, exp: 0 }
    const { id } = await identifyWorkload(parts, { issuer, claims, subject, digest: '' })
    await world.allow([ALL_OF_ORDERS], id)
    await permitAll(world, sam)
    return {
      parties: [{ ...JOB, agent: id }],
      set: (over: Partial<IssuerDescription>) =>
        setIssuerTerms(parts, { name: 'platform', terms: terms(over), by: ada.id }),
      suspend: () => suspendIssuer(parts, { name: 'platform', by: ada.id, reason: 'test' }),
    }
  }

  test('an agent that an issuer vouches for is within what that may give, as long as it may', async (t) => {
    const { world, parts, ask, saysAll, answering } = await begin(t)
    const { parties, set, suspend } = await vouched(world)
    const asked = [gate(EXCHANGE, SAM), scope('orders.read'), scope('orders.list', JOB)]
    const says = () => saysAll(asked, { clientId: undefined }, { parties })
    const seconds = async () => {
      const [first] = await ask(asked, { clientId: undefined }, { parties })
      return shaping(first).tokenLifetime
    }
    assert.deepEqual(await says(), Array(3).fill('permitted'))
    assert.equal(await seconds(), 300, 'trust without an end')
    await set({ ceiling: [only('orders.list')] })
    assert.deepEqual(await says(), ['permitted', 'issuance.not_permitted', 'permitted'])
    const expiresAt = parts.clock.now() + 90_000
    await set({ expiresAt })
    assert.equal(await seconds(), 90)
    const one = answering({ parties })
    await one.answers({
      ...{ questions: asked, clientId: undefined, bound: true, ip: '' },
      ...{ sponsorGrant: undefined, tokenId: undefined },
    })
    assert.equal(one.stands(), true)
    await suspend()
    assert.deepEqual([one.stands(), await one.stillStands()], [false, false])
    assert.deepEqual(await says(), Array(3).fill('issuer.suspended'))
  })

  test('an issuer that is suspended while the parties are read vouches for nothing', async (t) => {
    const { world, parts, answering } = await begin(t)
    const { parties, suspend } = await vouched(world)
    const live = changedAfterView(parts, async () => {
      await suspend()
    })
    const answers = await answering({ parties }, { ...parts, live }).answers({
      ...{ questions: [gate(EXCHANGE), gate(EXCHANGE, JOB)], clientId: undefined, bound: true },
      ...{ ip: '', sponsorGrant: undefined, tokenId: undefined },
    })
    assert.deepEqual(answers.map(said), Array(2).fill('issuer.suspended'))
  })

  test('a sponsor answers for the agent that asks, and not only for the last one of the chain', async (t) => {
    const { world, parts, saysAll } = await begin(t)
    await permitAll(world, world.ada)
    const helper = await addAgent(world, 'helper')
    const grant = await sponsored(world, helper, { rate: undefined, schedule: ALWAYS })
    const parties = [{ ...JOB, agent: helper.id }]
    const says = () => saysAll([gate(ALONE, JOB)], { sponsorGrant: grant.id }, { parties })
    assert.deepEqual(await says(), ['permitted'])
    await setOwner(parts, { agentId: helper.id, ownerId: world.finn.id, by: 'operator' })
    assert.deepEqual(await says(), ['sponsor_grant.not_in_force'])
  })

  test('rules see the owner of an agent, with their groups', async (t) => {
    const { world, saysAll } = await begin(t)
    await world.signIn('ada', 'finance')
    const of = (owner: string) =>
      publishPolicies(world.parts, {
        text: `${REFUND_DESK}\n@id("owner") forbid (principal is Agent, action, resource) unless { ${owner} };`,
        ...{ by: 'operator', note: 'test' },
      })
    await of('principal.owner.subject == "ada" && principal.owner in Group::"finance"')
    assert.deepEqual(await saysAll([gate()]), ['permitted'])
    await of('principal.owner in Group::"support"')
    assert.deepEqual(await saysAll([gate()]), ['issuance.forbidden'])
  })

  test('every answer rests on the state of its own API', async (t) => {
    const { parts, answering } = await begin(t)
    const denied = gate(CODE, SAM, 'https://gw.example/elsewhere')
    for (const questions of [
      [gate()],
      [denied, scope('orders.read')],
      [denied, cell('orders.read')],
    ]) {
      const one = answering()
      const answers = await one.answers({
        ...{ questions, clientId: 'bot-client', bound: true, ip: '' },
        ...{ sponsorGrant: undefined, tokenId: undefined },
      })
      assert.equal(said(answers.at(-1)), 'permitted')
      assert.equal(one.stands(), true)
      const raises = [{ kind: 'resource' as const, id: 'orders' }]
      await parts.live.settle(await parts.storage.transaction((tx) => parts.live.raise(tx, raises)))
      assert.deepEqual([one.stands(), await one.stillStands()], [false, false])
    }
  })
})
