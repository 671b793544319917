import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { newKey } from '../signing.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

// Enforcement points of others ask about calls of tasks (docs/authzen.md).

const ORDERS = { type: 'resource', id: 'orders' }
const READ = { name: 'orders.read' }
const REFUND = { name: 'orders.refund' }
const ARGS = { order_id: '1042' }

interface DecisionContext {
  readonly evaluation_id: string
  readonly reason?: string
  readonly enough?: string
}

function told({ body }: Answer): DecisionContext {
  return body.context as DecisionContext // as: every decision of ours says this
}

inEachWorld('an enforcement point that forwards token and proof', (world) => {
  let pep: Pep
  let task: OpenTask
  let sam: { type: string; id: string }
  before(async () => {
    const w = world()
    pep = await Pep.add(w, 'edge')
    task = await w.open()
    sam = { type: 'user', id: (await w.person('sam')).id }
  })

  /**
   * Token and proof that the agent showed with this call, as the enforcement point forwards them.
   */
  async function shown(path = '/orders/1042', method = 'GET', of = task) {
    const w = world()
    const token = await w.agent.token(of, w.orders)
    const url = w.orders + path
    const dpop = await w.agent.proof(of.key, { method, url, token })
    return { task: of.id, access_token: token, dpop, method, url }
  }

  async function asks(context: object, over: object = {}): Promise<Answer> {
    const question = {
      subject: sam,
      action: READ,
      resource: ORDERS,
      context: { args: ARGS, ...context },
    }
    const answer = await pep.evaluate({ ...question, ...over })
    assert.equal(answer.status, 200, answer.text)
    return answer
  }

  async function denied(reason: string, context: object, over: object = {}): Promise<void> {
    const answer = await asks(context, over)
    assert.deepEqual([answer.body.decision, told(answer).reason], [false, reason], answer.text)
  }

  it('is answered by all gates; an evaluation takes nothing, the call does', async () => {
    const w = world()
    const { access_token: token, dpop, ...rest } = await shown()
    const context = { ...rest, access_token: token, dpop }
    for (let i = 0; i < 3; i++) assert.equal((await asks(context)).body.decision, true)
    const call = { token, proofs: [dpop] }
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042', call)).status, 200)
    // What was made with this proof is over.
    await denied('proof.replayed', context)
  })

  it('a permit can be explained, and is nothing that could be sent or reported', async () => {
    const w = world()
    const answer = await asks(await shown())
    const { evaluation_id: id } = told(answer)
    const { body } = await (await w.api('sam')).send('GET', `/decisions/${id}`)
    assert.deepEqual([body.outcome, body.reason, body.state], ['permit', 'permitted', 'decided'])
    const record = (await w.ledger()).find((each) => each.decision_id === id)
    assert.equal(record?.type, 'evaluation.answered')
    assert.deepEqual(record?.facts, { pep: 'edge' })
    assert.equal(record?.task, task.id)
  })

  it('what people would be asked about is a denial that says so', async () => {
    const context = {
      ...(await shown('/orders/1042/refunds', 'POST')),
      args: { ...ARGS, amount: 900 },
    }
    await denied('approval.required', context, { action: REFUND })
    const pending = await (await world().api('fiona')).send('GET', '/approvals')
    assert.ok(!pending.text.includes('"state":"pending"'), 'nobody is asked by a question')
  })

  it('numbers are compared as they were written', async () => {
    const refund = (amount: string) => {
      const body = JSON.stringify({ subject: sam, action: REFUND, resource: ORDERS })
      return async () => {
        const context = JSON.stringify({
          ...(await shown('/orders/1042/refunds', 'POST')),
          args: 0,
        })
        const args = `{"order_id":"1042","amount":${amount}}`
        const text = `${body.slice(0, -1)},"context":${context.replace('"args":0', `"args":${args}`)}}`
        const answer = await pep.ask('/access/v1/evaluation', text)
        return [answer.body.decision, told(answer).reason]
      }
    }
    assert.deepEqual(await refund('100.00')(), [true, undefined])
    assert.deepEqual(await refund('100.01')(), [false, 'approval.required'])
    assert.deepEqual(await refund('100.00000000000000001')(), [false, 'arguments.wrong_kind'])
    assert.deepEqual(await refund('"100.00"')(), [false, 'arguments.wrong_kind'])
  })

  it('arguments that are missing, unknown or more than the task covers', async () => {
    const context = await shown()
    await denied('arguments.missing', { ...context, args: undefined })
    await denied('arguments.unknown', { ...context, args: { ...ARGS, surplus: 1 } })
    // What has no form as text in a path is no text that looks like it.
    for (const order_id of [{ x: 1 }, ['1042'], [['1042']], null])
      await denied('arguments.wrong_kind', { ...context, args: { order_id } })
    // Properties are claims; for an enforcement point whose properties do not count they are nothing.
    await denied(
      'arguments.missing',
      { ...context, args: undefined },
      { action: { ...READ, properties: ARGS } },
    )
    const bound = await world().open({
      details: [
        {
          type: 'remit_call',
          locations: [world().orders],
          actions: ['orders.read'],
          bounds: [{ path: '/order_id', op: 'eq', value: '1042' }],
        },
      ],
    })
    const other = await shown('/orders/7', 'GET', bound)
    await denied('task.not_covered', { ...other, args: { order_id: '7' } })
    assert.equal((await asks({ ...other, args: ARGS })).body.decision, true)
  })

  it('a token or a proof that does not hold', async () => {
    const context = await shown()
    const w = world()
    await denied('token.missing', { task: task.id })
    await denied('proof.missing', { ...context, dpop: undefined, token_type: 'DPoP' })
    await denied('token.wrong_scheme', { ...context, dpop: undefined })
    await denied('proof.wrong_request', { ...context, url: `${w.orders}/orders/7` })
    await denied('proof.wrong_request', { ...context, method: 'POST' })
    await denied('proof.malformed', { ...context, dpop: [context.dpop, context.dpop] })
    await denied('token.malformed', { ...context, access_token: 'no token' })
    const stranger = await w.agent.proof(await newKey(), {
      ...context,
      token: context.access_token,
    })
    await denied('proof.wrong_key', { ...context, dpop: stranger })
    const other = await w.open()
    await denied('token.unknown_task', { ...context, task: other.id })
  })

  it('whom it says the call is for has to be whom the task is for', async () => {
    const context = await shown()
    const w = world()
    const nils = (await w.person('nils')).id
    for (const subject of [
      { type: 'user', id: nils },
      { type: 'user', id: 'refund-bot' },
      { type: 'agent', id: sam.id },
      { type: 'agent', id: 'other-bot' },
      { type: 'spaceship', id: sam.id },
      // Names that every object of JavaScript has.
      { type: 'constructor', id: sam.id },
      { type: 'toString', id: sam.id },
    ])
      await denied('evaluation.wrong_subject', context, { subject })
    await denied('evaluation.wrong_subject', { ...context, agent: 'other-bot' })
    for (const subject of [
      { type: 'person', id: sam.id },
      { type: 'identity', id: sam.id },
      { type: 'agent', id: 'refund-bot' },
    ])
      assert.equal(
        (await asks({ ...context, agent: 'refund-bot' }, { subject })).body.decision,
        true,
      )
  })

  it('what is not there, and what it cannot be about', async () => {
    const context = await shown()
    await denied('evaluation.no_task', { ...context, task: undefined })
    await denied('resource.unknown', context, { resource: { type: 'resource', id: 'nothing' } })
    await denied('resource.unknown', context, { resource: { type: 'record', id: 'orders' } })
    await denied('action.unknown', context, { action: { name: 'read' } })
    await denied('action.unknown', context, { action: { name: 'echo.read' } })
    const byUrl = { type: 'resource', id: world().orders }
    assert.equal((await asks(context, { resource: byUrl })).body.decision, true)
  })

  it('members of the context that cannot be read are 400', async () => {
    const context = { args: ARGS, ...(await shown()) }
    for (const wrong of [
      { task: 7 },
      { access_token: {} },
      { dpop: [7] },
      { token_type: 'MAC' },
      { args: [] },
      { url: undefined },
      { url: 'https://elsewhere.example/orders/1042' },
      { url: `${world().orders}evil/1042` },
      { ip: 'x'.repeat(65) },
    ]) {
      const question = { subject: sam, action: READ, resource: ORDERS }
      const answer = await pep.evaluate({ ...question, context: { ...context, ...wrong } })
      assert.equal(answer.status, 400, JSON.stringify(wrong))
      assert.match(answer.text, /evaluation\.malformed/)
    }
  })

  it('several at once: one record, and each as by itself', async () => {
    const w = world()
    const context = { args: ARGS, ...(await shown()) }
    const length = (await w.ledger()).length
    const answer = await pep.evaluateAll({
      ...{ subject: sam, resource: ORDERS, context },
      evaluations: [
        { action: READ },
        { action: REFUND },
        { action: READ, context: { ...context, task: 7 } },
        { action: READ, subject: { type: 'user', id: 'psn_nobody' } },
      ],
    })
    const evaluations = answer.body.evaluations as {
      decision: boolean
      context?: DecisionContext & { error?: object }
    }[] // as: looked at here
    assert.deepEqual(
      evaluations.map(({ decision }) => decision),
      [true, false, false, false],
      answer.text,
    )
    assert.equal(evaluations[1]?.context?.reason, 'arguments.missing')
    assert.ok(evaluations[2]?.context?.error)
    const records = (await w.ledger()).slice(length)
    assert.deepEqual(
      records.map(({ type }) => type),
      ['evaluation.answered'],
    )
    assert.deepEqual(records[0]?.facts, {
      pep: 'edge',
      kind: 'evaluations',
      answers: 4,
      permitted: 1,
    })
  })

  it('searches find what an evaluation with the same context permits', async () => {
    const context = { args: ARGS, ...(await shown()) }
    const found = async (sought: 'subject' | 'resource' | 'action', body: object) => {
      const answer = await pep.search(sought, { ...body, context })
      assert.equal(answer.status, 200, answer.text)
      return answer.body.results
    }
    assert.deepEqual(await found('action', { subject: sam, resource: ORDERS }), [
      { name: 'orders.list-refunds' },
      READ,
      { name: 'orders.watch' },
    ])
    const bySam = { subject: sam, action: READ }
    assert.deepEqual(await found('resource', { ...bySam, resource: { type: 'resource' } }), [
      ORDERS,
    ])
    assert.deepEqual(await found('resource', { ...bySam, resource: { type: 'record' } }), [])
    const who = { action: READ, resource: ORDERS }
    assert.deepEqual(await found('subject', { ...who, subject: { type: 'user' } }), [sam])
    assert.deepEqual(await found('subject', { ...who, subject: { type: 'agent' } }), [
      { type: 'agent', id: 'refund-bot' },
    ])
    const nothing = await pep.search('subject', { ...who, subject: { type: 'user' } })
    assert.deepEqual(nothing.body.results, [], 'without a task nobody may')
    const unproved = await pep.search('subject', {
      ...{ ...who, subject: { type: 'user' } },
      context: { task: task.id, args: ARGS },
    })
    assert.deepEqual(
      unproved.body.results,
      [],
      'whose task it is, is not told to whoever knows its id',
    )
  })
})

inEachWorld('an enforcement point that is believed about who calls', (world) => {
  let pep: Pep
  let sam: { type: string; id: string }
  before(async () => {
    pep = await Pep.add(world(), 'mesh', { namesTasks: true, resources: ['orders'] })
    sam = { type: 'user', id: (await world().person('sam')).id }
  })

  function asks(task: string, over: object = {}): Promise<Answer> {
    const context = { task, args: ARGS }
    return pep.evaluate({ subject: sam, action: READ, resource: ORDERS, context, ...over })
  }

  async function denied(reason: string, answer: Answer): Promise<void> {
    assert.deepEqual([answer.body.decision, told(answer).reason], [false, reason], answer.text)
  }

  it('names the task, and everything else is looked at as always', async () => {
    const task = await world().open()
    assert.equal((await asks(task.id)).body.decision, true)
    await denied('task.unknown', await asks('tsk_nothing'))
    // Whose call it is comes before what is wrong with the call.
    const nameless = (id: string) => ({ context: { task: id, args: { surplus: 1 } } })
    await denied('task.unknown', await asks('', nameless('tsk_nothing')))
    await denied('arguments.unknown', await asks('', nameless(task.id)))
    const nobody = { ...nameless(task.id), subject: { type: 'user', id: 'x' } }
    await denied('evaluation.wrong_subject', await asks('', nobody))
    await denied(
      'evaluation.wrong_subject',
      await asks(task.id, { subject: { type: 'user', id: 'x' } }),
    )
    // What it may not ask about looks like nothing at all.
    const echo = { resource: { type: 'resource', id: 'echo' }, action: { name: 'echo.read' } }
    await denied('resource.unknown', await asks(task.id, echo))
    const found = await pep.search('action', {
      ...{ subject: sam, resource: echo.resource },
      context: { task: task.id },
    })
    assert.deepEqual(found.body.results, [])
  })

  it('a dead task is dead for it, too, and so is whatever it stands on', async () => {
    const w = world()
    const task = await w.open()
    assert.equal((await asks(task.id)).body.decision, true)
    const ada = await w.api('ada')
    await ada.send('POST', '/agents/refund-bot/suspend', {})
    await denied('agent.suspended', await asks(task.id))
    await ada.send('POST', '/agents/refund-bot/resume', {})
    assert.equal((await asks(task.id)).body.decision, true)
    await closeTask(w.rooms.decisions, {
      taskId: task.id as `tsk_${string}`,
      reason: 'person',
      by: sam.id,
    }) // as: an id of ours
    await denied('task.closed', await asks(task.id))
  })
})

inEachWorld('what would be used up', (world) => {
  async function under(w: World, budget: readonly object[]): Promise<OpenTask> {
    const key = await newKey()
    const wish = { details: w.everything, subjectToken: await w.idToken(), key }
    const { body } = await w.agent.ask(wish, { form: { budget: JSON.stringify(budget) } })
    return { id: String(body.task_id), token: String(body.access_token), key }
  }

  it('is not promised to whoever would not take it, and not taken by a question', async () => {
    const w = world()
    const task = await under(w, [{ limit: 'calls', max: 1 }])
    const subject = { type: 'user', id: (await w.person('sam')).id }
    const context = { task: task.id, args: ARGS }
    const question = { subject, action: READ, resource: ORDERS, context }
    const plain = await Pep.add(w, 'plain', { namesTasks: true })
    const answer = await plain.evaluate(question)
    assert.deepEqual(
      [answer.body.decision, told(answer).reason],
      [false, 'evaluation.must_be_taken'],
    )
    assert.match(told(answer).enough ?? '', /\/v1\/calls/)

    const taking = await Pep.add(w, 'taking', { namesTasks: true, takes: true })
    for (let i = 0; i < 3; i++)
      assert.equal((await taking.evaluate(question)).body.decision, true, 'nothing is used up')
    assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
    const after = await taking.evaluate(question)
    assert.equal(after.body.decision, false)
  })
})

describe('properties of an enforcement point whose properties count', () => {
  inEachWorld('as arguments', (world) => {
    it('those of the action are arguments of the call, where none are given otherwise', async () => {
      const w = world()
      const pep = await Pep.add(w, 'claims', { namesTasks: true, properties: true })
      const task = await w.open()
      const subject = { type: 'user', id: (await w.person('sam')).id }
      const action = { ...READ, properties: ARGS }
      const question = { subject, action, resource: ORDERS, context: { task: task.id } }
      assert.equal((await pep.evaluate(question)).body.decision, true)
      // Nobody becomes somebody else by what is claimed of them.
      const nils = {
        type: 'user',
        id: (await w.person('nils')).id,
        properties: { sub: subject.id },
      }
      assert.equal((await pep.evaluate({ ...question, subject: nils })).body.decision, false)
    })
  })
})
