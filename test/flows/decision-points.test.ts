import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { it } from 'node:test'
import fc from 'fast-check'
import { TOGETHER } from '../../src/extensions/authzen/evaluate.ts'
import { publishOnlySet } from '../../src/extensions/authzen/policy-only/index.ts'
import { says, sends, TestPoint } from '../../src/extensions/decision-points/testing.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { assertDenied, assertRefused } from '../refusals.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

// Decision points of others (docs/decision-points.md), from registering one to removing it, over HTTP.

const POINTS = '/decision-points'
const ORDERS = { type: 'resource', id: 'orders' }
const REFUND = { name: 'orders.refund' }

/** Permits what does not begin with a six, of order 1042, through refund-bot. */
const SET = {
  name: 'calls',
  schema: `entity person;
entity resource;
action "orders.refund" appliesTo {
  principal: [person], resource: [resource],
  context: { agent: { id: String }, arguments: { amount: String, order_id: String } }
};`,
  policies: `@id("small") permit (principal, action == Action::"orders.refund", resource == resource::"orders")
when { context.agent.id == "refund-bot" && context.arguments.order_id == "1042" && !(context.arguments.amount like "6*") };`,
  entities: '[]',
  note: '',
  by: 'psn_ada',
}

inEachWorld('a decision point that is a whole AuthZEN server', (world) => {
  it('is registered, asked about each call, believed when it denies, and removed', async () => {
    const w = world()
    const ada = await w.api('ada')
    assert.deepEqual((await ada.send('GET', POINTS)).body.points, [])
    // Remit as the decision point of others: policies of their own, asked with a credential.
    await publishOnlySet(w.rooms.policy, SET)
    const settings = { mode: 'policy-only', policySet: 'calls' } as const
    const { secret } = await Pep.add(w, 'calls', settings)
    const task = await w.open()
    const refund = (amount: string) => refundOf(w, task, amount)
    assert.equal((await refund('60.00')).status, 201, 'before anybody else is asked')

    const point = { name: 'others', url: `${w.issuer}/access/v1/evaluation`, secret }
    const added = await ada.send('POST', POINTS, { ...point, actions: ['orders.refund'] })
    assert.equal(added.status, 200, added.text)
    assert.ok(!added.text.includes(secret))
    assert.equal((await refund('40.00')).status, 201)
    const id = assertDenied(await refund('60.00'), 'external.denied')
    const explained = await ada.send('GET', `/decisions/${id}`)
    const gates = explained.body.gates as { gate: string; passed: boolean; detail: string }[] // documented
    const gate = gates.find((each) => each.gate === 'external')
    assert.ok(gate && !gate.passed && gate.detail.includes('others'), JSON.stringify(gates))
    const read = await w.agent.call(task, 'GET', '/orders/orders/1042')
    assert.equal(read.status, 200, 'it is not asked about that')

    // Its credential ends: what does not answer clearly denies.
    await ada.send('DELETE', '/clients/calls')
    assertDenied(await refund('40.00'), 'external.failed')
    const records = (await w.ledger()).filter(({ type }) =>
      String(type).startsWith('decision_point'),
    )
    assert.equal((await ada.send('DELETE', `${POINTS}/others`)).status, 200)
    assert.equal((await refund('60.00')).status, 201)
    assert.deepEqual((await ada.send('GET', POINTS)).body.points, [])
    assert.ok(records.length > 0, 'that it was added is recorded')
  })

  it('is nothing that anybody but an administrator configures, or that is half said', async () => {
    const w = world()
    const [ada, sam] = [await w.api('ada'), await w.api('sam')]
    const point = { name: 'opa', url: 'https://opa.example/access/v1/evaluation' }
    assertRefused(await sam.send('POST', POINTS, point), 'api.not_permitted')
    assertRefused(await sam.send('GET', POINTS), 'api.not_permitted')
    assertRefused(await sam.send('DELETE', `${POINTS}/opa`), 'api.not_permitted')
    for (const wrong of [
      { url: undefined },
      { url: 'not an address' },
      { url: 'file:///etc/passwd' },
      { url: 'https://user:secret@opa.example/' },
      { name: 'Opa!' },
      { timeout_ms: 10 },
      { timeout_ms: 60_000 },
      { surplus: 1 },
    ]) {
      const answer = await ada.send('POST', POINTS, { ...point, ...wrong })
      assert.ok([400, 403, 422].includes(answer.status), `${JSON.stringify(wrong)} ${answer.text}`)
    }
    assert.deepEqual((await ada.send('GET', POINTS)).body.points, [])
    assert.ok((await ada.send('DELETE', `${POINTS}/nobody`)).status >= 400)
  })
})

inEachWorld('a decision point that misbehaves', (world) => {
  it('denies every call that it is for, is left alone after a while, and believed again when it answers', async (t) => {
    const w = world()
    const ada = await w.api('ada')
    const point = new TestPoint()
    t.after(() => point.close())
    const url = await point.listen()
    await ada.send('POST', POINTS, { name: 'odd', url, timeout_ms: 5_000 })
    const task = await w.open()
    // Not of an API with a clock of its own, which is not moved on.
    const read = () => w.agent.call(task, 'GET', '/echo/things/1')
    const wrong: readonly TestPoint['answering'][] = [
      sends('', 500),
      (reply) => reply.destroy(),
      sends('{"decision": "yes"}'),
      says({ decision: true, context: { obligations: [{ id: 'x' }] } }),
      sends('{"decision": true}', 200, { 'content-type': 'text/html' }),
    ]
    for (const answering of wrong) {
      point.answering = answering
      assertDenied(await read(), 'external.failed')
    }
    point.answering = says({ decision: true })
    const asked = point.asked.length
    assertDenied(await read(), 'external.failed')
    assert.equal(point.asked.length, asked, 'it is left alone')
    const [listed] = (await ada.send('GET', POINTS)).body.points as { left_alone: boolean }[] // documented
    assert.equal(listed?.left_alone, true)
    w.clock.advance(6_000)
    const back = await read()
    assert.equal(back.status, 200, back.text)
    assert.equal((await ada.send('DELETE', `${POINTS}/odd`)).status, 200)
  })
})

inEachWorld('questions of an enforcement point about several calls', (world) => {
  /** Permits even amounts. */
  const evenOnes: TestPoint['answering'] = (reply, request) => {
    const { context } = point.asked.at(-1)?.body ?? {}
    const { arguments: args } = context as { arguments: { amount: string } } // as documented
    says({ decision: Number(args.amount) % 2 === 0 })(reply, request)
  }
  const point = new TestPoint()

  async function begin(): Promise<{ pep: Pep; ask: (evaluations: readonly object[]) => object }> {
    const w = world()
    const ada = await w.api('ada')
    const { body } = await ada.send('GET', POINTS)
    if ((body.points as unknown[]).length === 0) {
      w.onStop(() => point.close())
      const url = await point.listen()
      await ada.send('POST', POINTS, { name: 'even', url, timeout_ms: 5_000 })
    }
    const task = await w.open()
    const pep = await Pep.add(
      w,
      `batch-${task.id
        .slice(-8)
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '0')}`,
      {
        namesTasks: true,
      },
    )
    const subject = { type: 'user', id: (await w.person('sam')).id }
    const ask = (evaluations: readonly object[]) => ({
      ...{ subject, resource: ORDERS, action: REFUND, context: { task: task.id } },
      evaluations: evaluations.map((context) => ({ context: { task: task.id, ...context } })),
    })
    return { pep, ask }
  }

  interface EvaluationAnswer {
    readonly decision: boolean
    readonly context?: { readonly reason?: string }
  }

  function told(answer: Answer): readonly (readonly [boolean, string | undefined])[] {
    const all = (answer.body.evaluations ?? [answer.body]) as readonly EvaluationAnswer[] // documented
    return all.map(({ context, decision }) => [decision, context?.reason])
  }

  it('are asked together, so many at a time and no more', async () => {
    const { ask, pep } = await begin()
    const many = 2 * TOGETHER + 3
    let waiting: ServerResponse[] = []
    let [left, most] = [many, 0]
    point.answering = (reply) => {
      waiting.push(reply)
      most = Math.max(most, waiting.length)
      if (waiting.length !== Math.min(TOGETHER, left)) return
      void letGo()
    }
    const letGo = async () => {
      // Whoever would ask more than so many at a time has the time to do it.
      for (let i = 0; i < 3; i++) await fetch(`${world().issuer}/.well-known/authzen-configuration`)
      const now = waiting
      waiting = []
      left -= now.length
      for (const each of now) sends('{"decision": true}')(each, each.req)
    }
    const args = Array.from({ length: many }, (_, i) => ({
      args: { order_id: '1042', amount: i + 1 },
    }))
    const answer = await pep.evaluateAll(ask(args))
    assert.deepEqual(told(answer), Array(many).fill([true, undefined]), answer.text)
    assert.equal(most, TOGETHER)
  })

  it('are asked one after the other where the first that decides is enough, and nothing beyond it', async () => {
    const { ask, pep } = await begin()
    point.answering = evenOnes
    const before = point.asked.length
    const args = [2, 4, 5, 6, 8].map((amount) => ({ args: { order_id: '1042', amount } }))
    const options = { evaluations_semantic: 'deny_on_first_deny' }
    const answer = await pep.evaluateAll({ ...ask(args), options })
    assert.deepEqual(told(answer), [
      [true, undefined],
      [true, undefined],
      [false, 'external.denied'],
    ])
    assert.equal(point.asked.length - before, 3)
  })

  it('get the answers that each would get by itself (property)', async () => {
    const { ask, pep } = await begin()
    point.answering = evenOnes
    const question = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          args: fc.record({
            order_id: fc.constant('1042'),
            amount: fc.integer({ min: 1, max: 99 }),
          }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          { args: { order_id: '1042', amount: 900 } },
          { args: { order_id: '1042', amount: 6000 } },
          { args: { order_id: '1042' } },
          { args: { order_id: '1042', amount: 2, surplus: 1 } },
          { args: 7 },
          { task: 'tsk_nothing', args: { order_id: '1042', amount: 2 } },
        ),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 2, maxLength: 24 }), async (questions) => {
        const together = told(await pep.evaluateAll(ask(questions)))
        const alone = await Promise.all(
          questions.map(async (each) => {
            const { evaluations, ...whole } = ask([each]) as { evaluations: object[] } // made above
            const answer = await pep.evaluate({ ...whole, ...evaluations[0] })
            return answer.status === 200 ? told(answer)[0] : [false, undefined]
          }),
        )
        assert.deepEqual(
          together.map(([decision, reason], i) =>
            questions[i]?.args === 7 ? [decision, undefined] : [decision, reason],
          ),
          alone,
        )
      }),
      { numRuns: 12 },
    )
  })
})

function refundOf(
  w: World,
  task: Awaited<ReturnType<World['open']>>,
  amount: string,
): Promise<Answer> {
  const body = `{"amount": ${amount}}`
  return w.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body })
}
