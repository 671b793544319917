import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { newKey } from '../../../test/signing.ts'
import { inEachWorld, type World } from '../../../test/world.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'
import { type Attempt, wideningOfModules } from './testing.ts'

const NOBODY = 'psn_AAAAAAAAAAAAAAAAAAAAAA'

/** Operations that name nothing that has to be there, or free: nothing of their input can be wrong in that way. */
const NAMING_NOTHING = [
  ...['everything.resume', 'policysets.publish', 'providers.register'],
  // The address or the kind is judged, and no thing here is named.
  'channels.add',
]

/** Inputs that name something that is not there, or that is there already, by operation. */
async function attempts(w: World): Promise<Readonly<Record<string, readonly Attempt[]>>> {
  const { id: person } = await w.person('nils')
  const { publicJwk: jwk } = await newKey()
  const detail = { type: 'remit_call', locations: [w.orders], actions: ['orders.read'] }
  const ceiling = [detail]
  const mapping = { issuer: w.provider, value: 'everyone', group: 'support' }
  const terms = { uses: ['access_token'], access: { provider: w.provider }, trust: 1, ceiling }
  const rate = { tasks: 1, seconds: 60 }
  const sponsored = { purpose: 'p', details: ceiling, rate, expires_at: '2027-06-01T00:00:00Z' }
  const agent = { name: 'new-bot', description: '', trust: 1, ceiling }
  const limit = { limit: 'calls', max: 2, seconds: 60 }
  const at = (path: string, code: ProblemCode, body: unknown = {}): readonly Attempt[] => [
    { path, code, body },
  ]
  const ofAgent = (path: string, body?: object) =>
    at(`/agents/nothing/${path}`, 'agent.unknown', body)
  const ofResource = (
    path: string,
    body?: object,
    code: ProblemCode = 'catalog.unknown_resource',
  ) => at(`/resources/nothing/${path}`, code, body)
  const ofAction = (path: string, body: object) => [
    ...at(`/actions/orders.nothing/${path}`, 'catalog.unknown_action', body),
    ...at(`/actions/nothing.read/${path}`, 'catalog.unknown_action', body),
  ]
  const ofModules = Object.entries(await wideningOfModules())
  return {
    ...Object.fromEntries(ofModules.map(([id, each]) => [id, each.attempts])),
    'people.resume': at(`/people/${NOBODY}/resume`, 'person.unknown'),
    'people.permit_return': at(`/people/${person}/return`, 'person.unknown'),
    'people.permit_passkey': at(`/people/${NOBODY}/passkey-recovery`, 'person.unknown'),
    'groups.create': at('/groups', 'group.exists', { name: 'support', description: '' }),
    'groups.add_member': [
      ...at(`/groups/nothing/members/${person}`, 'group.unknown'),
      ...at(`/groups/support/members/${NOBODY}`, 'person.unknown'),
    ],
    'groups.map': [
      ...at('/group-mappings', 'group.unknown', { ...mapping, group: 'buyers' }),
      ...at('/group-mappings', 'provider.unknown', { ...mapping, issuer: 'https://no.example' }),
    ],
    'agents.register': [
      ...at('/agents', 'agent.exists', { ...agent, name: 'refund-bot' }),
      ...at('/agents', 'agent.bad_owner', { ...agent, owner: NOBODY }),
    ],
    'agents.set_limits': ofAgent('limits', { trust: 2 }),
    'agents.set_owner': [
      ...ofAgent('owner', { owner: person }),
      ...at('/agents/refund-bot/owner', 'agent.bad_owner', { owner: NOBODY }),
    ],
    'agents.set_certification': ofAgent('certification', { days: 30 }),
    'agents.recertify': [
      ...ofAgent('recertify'),
      ...at('/agents/refund-bot/recertify', 'agent.bad_certification'),
    ],
    'agents.resume': ofAgent('resume'),
    'agents.add_key': ofAgent('keys', { jwk }),
    'agents.link_client': ofAgent('clients', { issuer: w.provider, client_id: 'one' }),
    'agents.add_certificate_name': ofAgent('certificate-names', {
      ...{ kind: 'san_dns', value: 'one.example' },
    }),
    'admission.add': at('/admission-rules', 'agent.bad_owner', {
      ...{ name: 'one', redirect_hosts: ['localhost'], trust: 1, ceiling, owner: NOBODY },
    }),
    'admission.remove': at('/admission-rules/nothing', 'admission.unknown'),
    'issuers.add': at('/issuers', 'agent.bad_owner', {
      ...{ name: 'others', issuer: 'https://others.example', ...terms, owner: NOBODY },
    }),
    'issuers.set_terms': at('/issuers/nothing/terms', 'issuer.unknown', terms),
    'issuers.resume': at('/issuers/nothing/resume', 'issuer.unknown'),
    'resources.import': at('/resources/another', 'group.unknown', {
      document: {
        ...{ openapi: '3.1.0', info: { title: 'T', version: '1' } },
        paths: { '/x': { get: { operationId: 'x', responses: { 200: { description: 'x' } } } } },
      },
      ...{ upstream: 'https://one.example', owners: ['group:nothing'] },
    }),
    'resources.accept': ofResource(
      'changes/accept',
      { changes: [{ action: 'nothing.read', digest: 'x'.repeat(43) }] },
      'definition.not_offered',
    ),
    'resources.accept_risks': ofResource(
      'risks/accept',
      { risks: [{ action: 'nothing.read', risk: 'low' }] },
      'catalog.unknown_action',
    ),
    'resources.connect': [
      ...ofResource('connection', { connection: 'echo-key' }),
      ...at('/resources/orders/connection', 'connection.unknown', { connection: 'nothing' }),
    ],
    'resources.trust_mappings': ofResource('mappings', { trusted: true }),
    'resources.let_server_ask': ofResource('server-asks', { asks: 'roots' }),
    'resources.set_owners': [
      ...ofResource('owners', { owners: [] }),
      ...at('/resources/orders/owners', 'group.unknown', { owners: ['group:nothing'] }),
      ...at('/resources/orders/owners', 'person.unknown', { owners: [`person:${NOBODY}`] }),
    ],
    'resources.set_shown': ofResource('shows', { shows: 'requestable' }),
    'resources.set_group': at('/resources/office/members', 'catalog.bad_resource', {
      members: ['nothing'],
    }),
    'resources.let_in_look_alikes': ofResource('look-alikes', { actions: [] }),
    'resources.set_tokens': ofResource('tokens', { form: 'opaque' }),
    'resources.set_claims': ofResource('claims', { claims: [] }),
    'resources.resume': ofResource('resume'),
    'actions.set_risk': ofAction('risk', { risk: 'low' }),
    'actions.rename': ofAction('name', { name: 'orders.look-up' }),
    'actions.set_sentence': ofAction('sentence', { sentence: 'Read' }),
    'actions.set_counterparty': ofAction('counterparty', { path: null }),
    'actions.set_size': ofAction('size', { path: null }),
    'actions.set_display': ofAction('display', { path: '/amount', display: 'currency:EUR' }),
    'actions.set_preview': ofAction('preview', { read: null }),
    'clients.add': at('/clients', 'client.exists', { id: 'refund-bot', kind: 'pep' }),
    'clients.change': at('/clients/nothing', 'client.unknown', { kind: 'pep', settings: {} }),
    'clients.set_callback': at('/clients/nothing/callback', 'client.unknown', {
      url: 'https://mesh.example/ended',
    }),
    'clients.rotate': at('/clients/nothing/secrets', 'client.unknown'),
    'clients.add_key': at('/clients/nothing/keys', 'client.unknown', { jwk }),
    'signals.end': at('/risk-signals/end', 'risk_signal.unknown', {
      ...{ subject: { kind: 'agent', id: 'refund-bot' }, signal: 'one', source: 'source:siem' },
    }),
    'connections.add': at('/connections', 'connection.exists', {
      ...{ name: 'echo-key', kind: 'bearer', secret: 'one' },
    }),
    'connections.replace': at('/connections/nothing/credential', 'connection.unknown', {
      secret: 'one',
    }),
    'limits.set': at('/limits', 'limit.unknown_subject', {
      ...{ subject: { kind: 'person', id: NOBODY }, limit },
    }),
    'limits.remove': at('/limits/lim_AAAAAAAAAAAAAAAAAAAAAA', 'limit.unknown'),
    'policies.publish': at('/policies', 'policy.invalid', {
      text: '@id("a") permit (principal, action == Action::"nothing.read", resource);',
    }),
    'policies.publish_again': at('/policies/999/publish', 'policy.unknown_version'),
    'spaces.create': [
      ...at('/spaces', 'space.unknown', { name: 'sales', kind: 'workspace', parent: 'nothing' }),
      // A group of actions that none is in would be a limit to nothing, for ever.
      ...at('/spaces', 'space.bad', {
        ...{ name: 'sales', kind: 'organization' },
        details: [{ ...detail, actions: ['risk:critical'] }],
      }),
    ],
    'spaces.change': at('/spaces/nothing', 'space.unknown'),
    'spaces.resume': at('/spaces/nothing/resume', 'space.unknown'),
    'tasks.resume': at('/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA/resume', 'task.unknown'),
    'requests.approve': at('/access-requests/nothing/approve', 'approval.unknown', {
      shown: 'one',
    }),
    'breakglass.open': at('/break-glass', 'approval.unknown', {
      ...{ request: 'nothing', shown: 'one', reason: 'it cannot wait' },
    }),
    'breakglass.review': at('/break-glass/nothing/review', 'break_glass.unknown', {
      ...{ verdict: 'justified', note: 'one' },
    }),
    'standins.add': at('/stand-ins', 'stand_in.not_possible', {
      ...{ stand_in: 'nobody@example.com', ends_at: '2027-01-01T00:00:00Z' },
    }),
    'bases.grant': [
      ...at('/bases', 'agent.unknown', { agent: 'nothing', person, details: ceiling }),
      ...at('/bases', 'person.unknown', { agent: 'refund-bot', person: NOBODY, details: ceiling }),
    ],
    'sponsorships.grant': at('/sponsor-grants', 'agent.unknown', {
      ...{ agent: 'nothing', ...sponsored },
    }),
    'ledger.erase': at('/ledger/erase', 'ledger.unknown_position', {
      ...{ positions: [9_999_999], why: 'requested' },
    }),
    'ledger.accept_break': at('/ledger/break/accept', 'ledger.no_break', { history: 1 }),
    'retention.lift': at('/retention/holds/hld_AAAAAAAAAAAAAAAAAAAAAA', 'retention.unknown_hold'),
    'retention.erase': at('/retention/erasures', 'person.unknown', { person: NOBODY }),
  }
}

inEachWorld(
  'acts about things that are not there, outside development',
  (world) => {
    it('O: are refused at once, and nobody is asked to confirm them', async () => {
      const w = world()
      const all = await attempts(w)
      const widening = OPERATIONS.filter(({ id, widens }) => widens && !NAMING_NOTHING.includes(id))
      assert.deepEqual(
        Object.keys(all).toSorted(),
        widening.map(({ id }) => id).toSorted(),
        'every operation that is confirmed is in this test',
      )
      const ada = await w.api('ada')
      const before = (await w.ledger()).length
      for (const { id, method } of widening)
        for (const { body, code, path } of all[id] ?? [])
          assertRefused(await ada.send(method, path, body), code, `${id} ${path}`)
      assert.deepEqual(
        await w.rooms.storage.read.selectFrom('confirmations').select('operation').execute(),
        [],
      )
      assert.equal((await w.ledger()).length, before, 'nothing was done')
    })
  },
  { development: false },
)
