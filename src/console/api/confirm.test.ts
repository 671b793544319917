import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { newKey } from '../../../test/signing.ts'
import { inEachWorld, type PersonName, type World } from '../../../test/world.ts'
import {
  answerConfirmation,
  isSignedOperation,
  openSession,
} from '../../identity/sessions/index.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'
import { signedOperations } from '../../programs/operations.ts'
import type { SignedAct } from '../operation-kit/operation.ts'
import { type Sample, sample, thingsToChange, wideningOfModules } from './testing.ts'

/** A right input of every operation that widens access, and one that differs in a detail. */
async function samples(w: World): Promise<Record<string, Sample>> {
  const there = await thingsToChange(w)
  const { id: person } = await w.person('nils')
  const { publicJwk } = await newKey()
  const task = await w.open()
  const detail = { type: 'remit_call', locations: [w.orders], actions: ['orders.read'] }
  const document = {
    ...{ openapi: '3.1.0', info: { title: 'T', version: '1' } },
    paths: { '/x': { get: { operationId: 'x', responses: { 200: { description: 'x' } } } } },
  }
  const mapping = { issuer: w.provider, value: 'everyone', group: 'support' }
  const provider = { issuer: 'https://idp.example', name: 'Another', client_id: 'remit' }
  const agent = { name: 'new-bot', description: '', trust: 1, ceiling: [detail] }
  const sponsorship = {
    agent: 'refund-bot',
    details: [detail],
    rate: { tasks: 1, seconds: 60 },
    expires_at: '2027-06-01T00:00:00Z',
  }
  const terms = {
    ...{ uses: ['access_token'], access: { provider: w.provider } },
    ...{ trust: 1, ceiling: [detail] },
  }
  const rule = { name: 'this-computer', redirect_hosts: ['localhost'], trust: 1, ceiling: [detail] }
  const ofModules = Object.entries(await wideningOfModules())
  return {
    ...Object.fromEntries(ofModules.map(([id, each]) => [id, each.sample])),
    'admission.add': sample('/admission-rules', rule, { ...rule, redirect_hosts: ['*.example'] }),
    'admission.remove': {
      ...sample('/admission-rules/one', {}, {}),
      other: { path: '/admission-rules/two', body: {} },
    },
    'agents.register': sample('/agents', agent, { ...agent, trust: 3 }),
    'agents.set_limits': sample('/agents/refund-bot/limits', { trust: 2 }, { trust: 3 }),
    'agents.add_key': sample(
      '/agents/refund-bot/keys',
      { jwk: publicJwk },
      { jwk: { ...publicJwk, kid: 'x' } },
    ),
    'agents.link_client': sample(
      '/agents/refund-bot/clients',
      { issuer: w.provider, client_id: 'one' },
      { issuer: w.provider, client_id: 'two' },
    ),
    'agents.add_certificate_name': sample(
      '/agents/refund-bot/certificate-names',
      { kind: 'san_dns', value: 'one.example' },
      { kind: 'san_dns', value: 'two.example' },
    ),
    'agents.recertify': {
      ...sample('/agents/refund-bot/recertify', {}, {}),
      other: { path: '/agents/other-bot/recertify', body: {} },
    },
    'agents.set_certification': sample(
      '/agents/refund-bot/certification',
      { days: 30 },
      { days: 31 },
    ),
    'agents.resume': sample('/agents/refund-bot/resume', {}, { reason: 'other' }),
    'everything.resume': sample('/everything/resume', {}, { reason: 'other' }),
    'agents.set_owner': sample(
      '/agents/refund-bot/owner',
      { owner: person },
      { owner: 'psn_AAAAAAAAAAAAAAAAAAAAAA' },
    ),
    'people.permit_return': {
      ...sample(`/people/${there.gone.id}/return`, {}, {}),
      other: { path: '/people/psn_AAAAAAAAAAAAAAAAAAAAAA/return', body: {} },
    },
    'people.permit_passkey': {
      ...sample(`/people/${person}/passkey-recovery`, {}, {}),
      other: { path: '/people/psn_AAAAAAAAAAAAAAAAAAAAAA/passkey-recovery', body: {} },
    },
    'requests.approve': {
      ...sample(
        `/access-requests/${there.approved.request}/approve`,
        { shown: there.approved.shown },
        { shown: 'two' },
      ),
      as: 'fiona',
    },
    'breakglass.open': {
      ...sample(
        '/break-glass',
        { ...there.alone, reason: 'it cannot wait' },
        { ...there.alone, reason: 'it cannot wait, no' },
      ),
      as: 'nils',
    },
    'standins.add': sample(
      '/stand-ins',
      { stand_in: 'fiona@example.com', ends_at: '2027-01-01T00:00:00Z' },
      { stand_in: 'sam@example.com', ends_at: '2027-01-01T00:00:00Z' },
    ),
    'breakglass.review': sample(
      `/break-glass/${there.broken.id}/review`,
      { verdict: 'justified', note: 'one' },
      { verdict: 'not_justified', note: 'one' },
    ),
    'channels.add': sample(
      '/channels',
      { kind: 'webhook', address: 'https://one.example/' },
      { kind: 'webhook', address: 'https://two.example/' },
    ),
    'people.resume': sample(`/people/${person}/resume`, {}, { reason: 'other' }),
    'groups.create': sample(
      '/groups',
      { name: 'new-group', description: '' },
      { name: 'new-group', description: 'other' },
    ),
    'groups.add_member': {
      ...sample(`/groups/finance/members/${person}`, {}, {}),
      other: { path: `/groups/administrators/members/${person}`, body: {} },
    },
    'groups.map': sample('/group-mappings', mapping, { ...mapping, group: 'administrators' }),
    'providers.register': sample(
      '/identity-providers',
      { ...provider, client_secret: 'one' },
      { ...provider, client_secret: 'two' },
    ),
    'resources.import': sample(
      '/resources/another',
      { document, upstream: 'https://one.example' },
      { document, upstream: 'https://two.example' },
    ),
    'resources.accept': sample(
      '/resources/twice/changes/accept',
      { changes: [there.offer] },
      { changes: [{ ...there.offer, digest: 'y'.repeat(43) }] },
    ),
    'resources.accept_risks': sample(
      '/resources/twice/risks/accept',
      { risks: [{ action: 'twice.read', risk: there.risk }] },
      { risks: [{ action: 'twice.read', risk: 'critical' }] },
    ),
    'resources.connect': sample(
      '/resources/orders/connection',
      { connection: 'echo-key' },
      { connection: null },
    ),
    'resources.trust_mappings': sample(
      '/resources/desk/mappings',
      { trusted: true },
      { trusted: false },
    ),
    'resources.let_server_ask': sample(
      '/resources/desk/server-asks',
      { asks: 'roots' },
      { asks: 'both' },
    ),
    'resources.set_owners': sample(
      '/resources/desk/owners',
      { owners: ['group:administrators'] },
      { owners: [] },
    ),
    'resources.set_shown': sample(
      '/resources/desk/shows',
      { shows: 'requestable' },
      { shows: 'callable' },
    ),
    'resources.set_group': sample(
      '/resources/office/members',
      { members: ['desk'] },
      { members: ['desk'], title: 'Other' },
    ),
    'resources.let_in_look_alikes': sample(
      '/resources/office/look-alikes',
      { actions: [] },
      { actions: ['desk.add-note'] },
    ),
    'resources.resume': sample('/resources/orders/resume', {}, { reason: 'other' }),
    'actions.set_risk': sample('/actions/orders.refund/risk', { risk: 'low' }, { risk: 'medium' }),
    'actions.rename': sample(
      '/actions/orders.read/name',
      { name: 'orders.look-up' },
      { name: 'orders.find' },
    ),
    'actions.set_sentence': sample(
      '/actions/orders.read/sentence',
      { sentence: 'Read {order_id}' },
      { sentence: 'Nothing at all' },
    ),
    'actions.set_counterparty': sample(
      '/actions/orders.refund/counterparty',
      { path: '/order_id' },
      { path: null },
    ),
    'actions.set_display': sample(
      '/actions/orders.refund/display',
      { path: '/amount', display: 'currency:EUR' },
      { path: '/amount', display: 'currency:USD' },
    ),
    'actions.set_preview': sample(
      '/actions/orders.refund/preview',
      { read: 'orders.read', arguments: [{ name: 'order_id', path: '/order_id' }] },
      { read: null },
    ),
    'actions.set_size': sample('/actions/orders.refund/size', { path: null }, { path: '/amount' }),
    'clients.add': sample(
      '/clients',
      { id: 'envoy', kind: 'pep' },
      { id: 'envoy', kind: 'pep', settings: { properties: true } },
    ),
    'clients.change': sample(
      '/clients/envoy',
      { kind: 'pep', settings: {} },
      { kind: 'pep', settings: { properties: true } },
    ),
    'clients.set_callback': sample(
      '/clients/envoy/callback',
      { url: 'https://mesh.example/ended' },
      { url: 'https://mesh.example/else' },
    ),
    'clients.rotate': {
      ...sample('/clients/envoy/secrets', {}, {}),
      other: { path: '/clients/nginx/secrets', body: {} },
    },
    'clients.add_key': {
      ...sample('/clients/envoy/keys', { jwk: publicJwk }, {}),
      other: { path: '/clients/nginx/keys', body: { jwk: publicJwk } },
    },
    'signals.end': sample(
      '/risk-signals/end',
      { subject: { kind: 'agent', id: 'refund-bot' }, signal: 'one', source: 'source:siem' },
      { subject: { kind: 'agent', id: 'refund-bot' }, signal: 'two', source: 'source:siem' },
    ),
    'connections.add': sample(
      '/connections',
      { name: 'new-key', kind: 'bearer', secret: 'one' },
      { name: 'new-key', kind: 'bearer', secret: 'two' },
    ),
    'connections.replace': sample(
      '/connections/new-key/credential',
      { secret: 'one' },
      { secret: 'two' },
    ),
    'issuers.add': sample(
      '/issuers',
      { name: 'others', issuer: 'https://others.example', ...terms },
      { name: 'others', issuer: 'https://others.example', ...terms, trust: 2 },
    ),
    'issuers.set_terms': sample('/issuers/others/terms', terms, { ...terms, trust: 2 }),
    'issuers.resume': sample('/issuers/others/resume', {}, { reason: 'other' }),
    'resources.set_claims': sample(
      '/resources/echo/claims',
      { claims: [{ claim: 'groups', from: 'person.groups' }] },
      { claims: [{ claim: 'groups', from: 'space.id' }] },
    ),
    'resources.set_tokens': sample('/resources/echo/tokens', { form: 'opaque' }, { form: 'jwt' }),
    'ledger.erase': sample(
      '/ledger/erase',
      { positions: [0], why: 'requested' },
      { positions: [1], why: 'requested' },
    ),
    'retention.erase': sample('/retention/erasures', { person }, { person, account: true }),
    'retention.lift': {
      ...sample(`/retention/holds/${there.hold.id}`, {}, {}),
      other: { path: '/retention/holds/hld_BBBBBBBBBBBBBBBBBBBBBB', body: {} },
    },
    // A server whose ledger is broken serves nothing else: `src/programs/cli/ledger-break.slow.test.ts` confirms it.
    'ledger.accept_break': {
      ...sample('/ledger/break/accept', { history: 1 }, { history: 2 }),
      refused: 'ledger.no_break',
    },
    'limits.set': sample(
      '/limits',
      { subject: { kind: 'organization' }, limit: { limit: 'calls', max: 2, seconds: 60 } },
      { subject: { kind: 'organization' }, limit: { limit: 'calls', max: 9, seconds: 60 } },
    ),
    'limits.remove': {
      ...sample(`/limits/${there.limit.id}`, {}, {}),
      other: { path: '/limits/lim_BBBBBBBBBBBBBBBBBBBBBB', body: {} },
    },
    'policysets.publish': sample(
      '/policy-sets/mine',
      { policies: '', schema: 'entity A;', entities: '[]' },
      { policies: '', schema: 'entity B;', entities: '[]' },
    ),
    'policies.publish': sample(
      '/policies',
      { text: '@id("a") permit (principal, action, resource);\n' },
      { text: '@id("a") permit (principal, action, resource) ;\n' },
    ),
    'policies.publish_again': {
      ...sample('/policies/1/publish', {}, { note: 'other' }),
      other: { path: '/policies/2/publish', body: {} },
    },
    'spaces.create': sample(
      '/spaces',
      { name: 'sales', kind: 'organization' },
      { name: 'sales', kind: 'organization', mode: 'agent' },
    ),
    'spaces.change': sample('/spaces/sales', {}, { mode: 'agent' }),
    'spaces.resume': sample('/spaces/sales/resume', {}, { reason: 'other' }),
    'tasks.resume': sample(`/tasks/${task.id}/resume`, {}, { reason: 'other' }),
    'sponsorships.grant': sample(
      '/sponsor-grants',
      { ...sponsorship, purpose: 'count' },
      { ...sponsorship, purpose: 'count more' },
    ),
    'bases.grant': sample(
      '/bases',
      { agent: 'refund-bot', person, details: [detail] },
      { agent: 'refund-bot', person, details: [{ ...detail, actions: ['orders.refund'] }] },
    ),
  }
}

/**
 * Operations that widen access and are no act of `REMIT_PASSKEYS_FOR`. One that is new belongs here, or in the `testing.ts` of its
 * module, or says `signedAs`.
 */
const UNSIGNED = [
  // People, agents and what agents prove; their owners are told.
  ...['people.permit_return', 'groups.create', 'agents.register', 'agents.set_limits'],
  ...['agents.set_owner', 'agents.set_certification', 'agents.recertify', 'agents.resume'],
  ...['agents.add_key', 'agents.link_client', 'agents.add_certificate_name'],
  ...['admission.add', 'admission.remove', 'issuers.add', 'issuers.set_terms', 'issuers.resume'],
  ...['clients.add', 'clients.change', 'clients.set_callback', 'clients.rotate', 'clients.add_key'],
  // Resources and what Remit sends to them.
  ...['resources.import', 'resources.accept', 'resources.connect', 'resources.set_group'],
  ...['resources.let_in_look_alikes', 'resources.trust_mappings', 'resources.let_server_ask'],
  ...[
    'resources.set_shown',
    'resources.set_tokens',
    'resources.set_claims',
    'resources.set_owners',
  ],
  ...['resources.accept_risks', 'resources.resume', 'actions.set_risk', 'actions.set_sentence'],
  ...[
    'actions.rename',
    'actions.set_counterparty',
    'actions.set_size',
    'actions.set_display',
    'actions.set_preview',
  ],
  ...['connections.add', 'connections.replace', 'signals.end'],
  ...['spaces.create', 'spaces.change', 'spaces.resume', 'everything.resume', 'channels.add'],
  // Authority that a person gives; an approval is signed where its risk class is.
  ...['tasks.resume', 'requests.approve', 'breakglass.open', 'breakglass.review'],
  ...['bases.grant', 'sponsorships.grant', 'limits.set', 'limits.remove'],
  ...['ledger.erase', 'ledger.accept_break', 'retention.lift', 'retention.erase'],
]

it('E20: an operation that widens access says as which act it is signed, or is listed as none', async () => {
  const ofModules = Object.entries(await wideningOfModules())
  const others = ofModules.filter(([, { signedAs }]) => signedAs === 'none').map(([id]) => id)
  const unsigned = OPERATIONS.filter(({ widens, signedAs }) => widens && !signedAs)
  assert.deepEqual(unsigned.map(({ id }) => id).toSorted(), [...UNSIGNED, ...others].toSorted())
  for (const [id, { signedAs }] of ofModules)
    if (signedAs !== 'none')
      assert.equal(OPERATIONS.find((each) => each.id === id)?.signedAs, signedAs)
  const notWidening = OPERATIONS.filter(({ widens, signedAs }) => !widens && signedAs)
  assert.deepEqual(
    notWidening.map(({ id }) => id),
    ['keys.rotate', 'keys.seal_again'],
  )
})

it('E20: an operation is signed where the setting names its act, and where it is not known', () => {
  const rules = (...acts: SignedAct[]) => ({
    passkeys: { acts: new Set(acts), operations: signedOperations(OPERATIONS), recoveryWaitMs: 0 },
  })
  for (const act of ['approvers', 'keys', 'policies'] as const) {
    const signed = OPERATIONS.filter(({ id }) => isSignedOperation(rules(act), id))
    assert.ok(signed.length > 0)
    assert.deepEqual(
      signed,
      OPERATIONS.filter(({ signedAs }) => signedAs === act),
    )
    assert.equal(isSignedOperation(rules(act), 'policies.publish_of_before'), true)
  }
  assert.equal(isSignedOperation(rules(), 'policies.publish_of_before'), false)
})

inEachWorld(
  'acts that widen access, outside development',
  (world) => {
    it('each waits for a yes to exactly its input, which counts once', async () => {
      const w = world()
      const all = await samples(w)
      const widening = OPERATIONS.filter(({ widens }) => widens)
      assert.deepEqual(
        Object.keys(all).toSorted(),
        widening.map(({ id }) => id).toSorted(),
        'every operation that widens is in this test',
      )
      for (const { id: operation, method } of widening) {
        const each = all[operation]
        assert.ok(each)
        const { as = 'ada' } = each
        const caller = await w.api(as)
        const before = (await w.ledger()).length
        const asked = await caller.send(method, each.path, each.body)
        if (each.refused !== undefined) {
          assertRefused(asked, each.refused)
          continue
        }
        assert.equal(asked.status, 202, `${operation} ${asked.text}`)
        const { id } = asked.body.confirmation as { id: string } // documented
        assert.equal((await w.ledger()).length, before, `${operation}: nothing was done`)
        const retry = (path: string, body: object) =>
          caller.send(method, path, body, [['Remit-Confirmation', id]])
        assertRefused(await retry(each.path, each.body), 'confirmation.missing', operation)
        await sayYes(w, id, as)
        const changed = await retry(each.other.path, each.other.body)
        assertRefused(changed, 'confirmation.missing', `${operation} with another input`)
        const done = await retry(each.path, each.body)
        assert.ok(done.status < 300 && done.status !== 202, `${operation} ${done.text}`)
        assertRefused(
          await retry(each.path, each.body),
          'confirmation.missing',
          `${operation} twice`,
        )
      }
    })

    it('a yes to one operation is none to another, nor that of another person', async () => {
      const w = world()
      const ada = await w.api('ada')
      const asked = await ada.send('POST', '/agents/refund-bot/resume', {})
      const { id } = asked.body.confirmation as { id: string } // documented
      await sayYes(w, id)
      const header = [['Remit-Confirmation', id]] as const
      const other = await ada.send('POST', '/resources/orders/resume', {}, header)
      assertRefused(other, 'confirmation.missing')
      for (const wrong of ['', 'cnf_nothing', `${id} `, id.toLowerCase()]) {
        const answer = await ada.send('POST', '/agents/refund-bot/resume', {}, [
          ['Remit-Confirmation', wrong],
        ])
        if (wrong.trim() !== id) assertRefused(answer, 'confirmation.missing', wrong)
      }
      w.clock.advance(10 * 60_000)
      const late = await ada.send('POST', '/agents/refund-bot/resume', {}, header)
      assertRefused(late, 'confirmation.missing', 'ten minutes later')
    })

    it('a secret is shown to nobody on the way: the page has a digest of it', async () => {
      const w = world()
      const ada = await w.api('ada')
      const secret = 'canary-secret-that-waits'
      const asked = await ada.send('POST', '/connections', {
        name: 'waits',
        kind: 'bearer',
        secret,
      })
      const { id } = asked.body.confirmation as { id: string } // documented
      const row = await w.rooms.storage.read
        .selectFrom('confirmations')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      assert.ok(!JSON.stringify(row).includes(secret))
      assert.ok(row.payload.includes('hmac-sha256:'))
    })

    it('a document that is exchanged after the yes, under a member called secret, is not what was confirmed', async () => {
      const w = world()
      const ada = await w.api('ada')
      const answer = { responses: { 200: { description: 'x' } } }
      const documentOf = (secret: object) => ({
        openapi: '3.1.0',
        info: { title: 'Sneaky', version: '1' },
        paths: { '/status': { $ref: '#/components/pathItems/secret' } },
        components: { pathItems: { secret } },
      })
      const send = (secret: object, headers: readonly (readonly [string, string])[] = []) =>
        ada.send(
          'PUT',
          '/resources/sneaky',
          { document: documentOf(secret), upstream: 'https://one.example' },
          headers,
        )
      const harmless = { get: { operationId: 'status', ...answer } }
      const { id } = (await send(harmless)).body.confirmation as { id: string } // documented
      await sayYes(w, id)
      const wipe = {
        ...harmless,
        delete: { operationId: 'wipe', 'x-remit-risk': 'low', ...answer },
      }
      const exchanged = await send(wipe, [['Remit-Confirmation', id]])
      assertRefused(exchanged, 'confirmation.missing')
      const done = await send(harmless, [['Remit-Confirmation', id]])
      assert.deepEqual(done.body.added, ['sneaky.status'])
    })

    it('a number that no JSON number is, in a document that is only passed on: refused', async () => {
      const ada = await world().api('ada')
      const answer = await ada.send('PUT', '/resources/odd', '{"document":{"x":1e400}}')
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text)
    })
  },
  { development: false, settings: { REMIT_PERSONAL_WEBHOOKS: 'on' } },
)

async function sayYes(w: World, id: string, as: PersonName = 'ada'): Promise<void> {
  const { id: personId } = await w.person(as)
  const opened = { personId, kind: 'browser', authTime: w.clock.now() } as const
  const { session } = await openSession(w.rooms.people, opened)
  await answerConfirmation(w.rooms.people, { id, session, answer: 'confirmed' })
}
