import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { publishOnlySet } from '../../src/extensions/authzen/policy-only/index.ts'
import { removeClient } from '../../src/identity/machine-clients/index.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { inEachWorld } from '../world.ts'

const CODE = 'issue:access_token:authorization_code'
const EVALUATIONS = '/access/v1/evaluations'

interface Item {
  readonly decision: boolean
  readonly context?: { readonly reason?: string; readonly issuance?: Record<string, unknown> }
}

inEachWorld('tuples of the token issuance profile', (world) => {
  let pep: Pep
  let sam: string

  before(async () => {
    const w = world()
    const { id, issuer } = await w.person('sam')
    sam = id
    await w.allow('sam')
    const parties = [{ type: 'client', id: 'crm', agent: 'refund-bot' }] as const
    const issuing = { issuer, parties, audiences: [] }
    pep = await Pep.add(w, 'login', { mode: 'issuance', issuing })
  })

  const user = () => ({ type: 'user', id: sam })
  const audience = (id = world().orders) => ({ type: 'audience', id })
  const scope = (name: string, over: object = {}) => ({ action: { name }, ...over })
  const detail = (name: string, id = world().orders, type = 'remit_call') =>
    scope(name, { resource: { type, id } })

  const batch = (evaluations: readonly object[], over: object = {}) => ({
    ...{ subject: user(), resource: audience(), context: { client_id: 'crm' } },
    ...{ evaluations, options: { evaluations_semantic: 'execute_all' } },
    ...over,
  })

  async function items(evaluations: readonly object[], over: object = {}): Promise<Item[]> {
    const { body, status } = await pep.ask(EVALUATIONS, batch(evaluations, over))
    assert.equal(status, 200, JSON.stringify(body))
    return body.evaluations as Item[] // as: the shape of the standard
  }

  const says = async (...given: Parameters<typeof items>) =>
    (await items(...given)).map(({ context, decision }) =>
      decision ? 'permitted' : (context?.reason ?? 'none'),
    )

  it('gate, scopes and cells of one token, as the examples of the profile have them', async () => {
    const [gate, read, cell] = await items([
      scope(CODE),
      scope('orders.read'),
      detail('orders.refund'),
    ])
    assert.deepEqual(gate, { decision: true, context: { issuance: { token_lifetime: 300 } } })
    assert.deepEqual(read, { decision: true })
    const { authorization_details: details } = cell?.context?.issuance ?? {}
    const expected = { type: 'remit_call', locations: [world().orders], actions: ['orders.refund'] }
    assert.deepEqual(details, [{ ...expected, bounds: [] }])
  })

  it('scopes of the binding to token exchange name a protected resource', async () => {
    const exchange = scope('issue:access_token:token_exchange')
    const crm = { subject: { type: 'client', id: 'crm' } }
    const there = { resource: { type: 'protected_resource', id: world().orders } }
    const asked = [exchange, { ...exchange, ...crm }, scope('orders.read', there)]
    assert.deepEqual(await says(asked), Array(3).fill('permitted'))
  })

  it('a gate by itself goes to the single endpoint, and is told what may be granted', async () => {
    const { body } = await pep.ask('/access/v1/evaluation', {
      ...{ subject: user(), action: { name: CODE }, resource: audience() },
      context: { client_id: 'crm' },
    })
    assert.equal(body.decision, true)
    const { issuance } = body.context as { issuance: Record<string, string> } // as: the shape of the profile
    assert.match(String(issuance.granted_scope), /orders\.read/)
    assert.equal(issuance.token_lifetime, 300)
  })

  it('names that begin with `issue:` are gates of the profile or nothing', async () => {
    for (const name of ['issue:', 'issue:x', 'issue:Access_token:ciba', `${CODE}:more`, 'issue::'])
      assert.deepEqual(await says([scope(CODE), scope(name)]), ['permitted', 'issuance.unknown'])
    const there = { resource: { type: 'protected_resource', id: world().orders } }
    assert.deepEqual(await says([scope(CODE), scope(CODE, there), detail(CODE)]), [
      'permitted',
      'issuance.unknown',
      'issuance.unknown',
    ])
    assert.deepEqual(await says([scope('orders.read')]), ['issuance.no_gate'])
  })

  it('subjects are persons, clients and workloads that are known; one that is not denies the request', async () => {
    const as = (type: string, id: string) => ({ subject: { type, id } })
    assert.deepEqual(await says([scope(CODE, as('agent', 'refund-bot'))]), [
      'evaluation.wrong_subject',
    ])
    for (const [type, id, reason] of [
      ['user', 'psn_nobody', 'person.unknown'],
      ['workload', 'spiffe://nowhere', 'agent.unknown'],
      ['client', 'nobody', 'agent.unknown'],
    ] as const)
      assert.deepEqual(
        await says([scope(CODE, as(type, id)), scope('orders.read', as(type, id))]),
        [reason, reason],
      )
    const nils = (await world().person('nils')).id
    assert.deepEqual(await says([scope(CODE), scope('orders.read', as('user', nils))]), [
      'evaluation.wrong_subject',
      'evaluation.wrong_subject',
    ])
    assert.deepEqual(await says([scope(CODE)], { context: {} }), ['agent.unknown'])
  })

  it('other types of details, groups, unknown actions and places are denied, each for itself', async () => {
    const asked = [
      scope(CODE),
      detail('read', world().orders, 'customer_information'),
      detail('read'),
      detail('orders.read:contacts'),
      detail('authorization_detail'),
      detail('orders.read', 'https://elsewhere.example'),
      detail('orders.read'),
    ]
    assert.deepEqual(await says(asked), [
      'permitted',
      'issuance.unknown',
      'action.unknown',
      'action.unknown',
      'action.unknown',
      'resource.unknown',
      'permitted',
    ])
  })

  it('what is malformed is refused, and concerns no other item where it can', async () => {
    const [gate, wrong] = await items([scope(CODE), { action: { name: '' } }])
    assert.equal(gate?.decision, true)
    assert.equal(wrong?.context?.reason, 'evaluation.malformed')
    for (const context of [
      { client_id: 7 },
      { client_id: '' },
      { client_id: 'crm', cnf: 'jkt' },
      { client_id: 'crm', jti: {} },
    ]) {
      const { status, text } = await pep.ask(EVALUATIONS, batch([scope(CODE)], { context }))
      assert.equal(status, 400, JSON.stringify(context))
      assert.match(text, /^evaluation\.malformed/)
    }
    const two = [scope(CODE), scope('orders.read', { context: { client_id: 'other' } })]
    const { status } = await pep.ask(EVALUATIONS, batch(two))
    assert.equal(status, 400, 'two clients for one token')
  })

  it('hundreds of tuples are answered, and more than there may be are not', async () => {
    const many = Array.from({ length: 900 }, (_, i) =>
      scope(i % 3 === 0 ? 'orders.read' : `orders.nothing-${i}`),
    )
    const answers = await says([scope(CODE), ...many])
    assert.equal(answers.filter((one) => one === 'permitted').length, 301)
    assert.equal(answers.filter((one) => one === 'action.unknown').length, 600)
    const targets = Array.from({ length: 300 }, (_, i) =>
      scope(CODE, { resource: audience(`https://api-${i}.example`) }),
    )
    assert.deepEqual(new Set(await says(targets)), new Set(['resource.unknown']))
    const { status } = await pep.ask(EVALUATIONS, batch(Array(5_001).fill(scope('x'))))
    assert.equal(status, 400)
  })

  it('a search for actions finds the gates that are open, and one for subjects nobody', async () => {
    const about = { subject: user(), resource: audience(), context: { client_id: 'crm' } }
    const { body } = await pep.ask('/access/v1/search/action', about)
    const names = (body.results as { name: string }[]).map(({ name }) => name)
    assert.ok(names.includes(CODE) && names.includes('issue:access_token:token_exchange'))
    assert.ok(!names.includes('issue:access_token:client_credentials'))
    const { body: resources } = await pep.ask('/access/v1/search/resource', {
      ...{ subject: user(), action: { name: CODE }, resource: { type: 'audience' } },
      context: { client_id: 'crm' },
    })
    assert.ok((resources.results as { id: string }[]).some(({ id }) => id === world().orders))
    const { body: people } = await pep.ask('/access/v1/search/subject', {
      ...{ subject: { type: 'user' }, action: { name: CODE }, resource: audience() },
      context: { client_id: 'crm' },
    })
    assert.deepEqual(people.results, [])
  })

  it('the books say for whom, by whom, and of which token', async () => {
    const jti = 'token-1042'
    await items([scope(CODE), scope('orders.nothing')], { context: { client_id: 'crm', jti } })
    const record = (await world().ledger()).findLast(({ type }) => type === 'evaluation.answered')
    assert.equal(record?.person, sam)
    assert.equal(record?.agent, 'refund-bot')
    assert.ok(JSON.stringify(record).includes(jti))
  })

  it('a policy-only set answers the same tuples by its own rules', async () => {
    const w = world()
    const gates = ['issue:access_token:client_credentials', 'issue:access_token:token_exchange']
    await publishOnlySet(w.rooms.policy, {
      name: 'tokens',
      policies: `@id("reporting") permit (principal == client::"svc-reporting", action == Action::"${gates[0]}", resource == audience::"https://telemetry.example");
@id("write") permit (principal is client, action == Action::"telemetry.write", resource is audience);`,
      schema: `entity client; entity audience;
action "${gates.join('", "')}", "telemetry.write" appliesTo { principal: [client], resource: [audience], context: {} };`,
      entities: '[]',
      note: '',
      by: 'psn_ada',
    })
    const own = await Pep.add(w, 'reports', { mode: 'policy-only', policySet: 'tokens' })
    const { body } = await own.ask(EVALUATIONS, {
      subject: { type: 'client', id: 'svc-reporting' },
      resource: { type: 'audience', id: 'https://telemetry.example' },
      context: { client_id: 'svc-reporting' },
      evaluations: [...gates, 'telemetry.write', 'issue:id_jag:token_exchange'].map((name) => ({
        action: { name },
      })),
    })
    const decisions = (body.evaluations as Item[]).map(({ decision }) => decision)
    assert.deepEqual(decisions, [true, false, true, false])
  })

  it('a server that was revoked is told nothing', async () => {
    await removeClient(world().rooms.clients, { id: 'login', by: 'psn_ada' })
    const { status } = await pep.ask(EVALUATIONS, batch([scope(CODE)]))
    assert.equal(status, 401)
  })
})
