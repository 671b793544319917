import assert from 'node:assert/strict'
import { after, before, beforeEach, it } from 'node:test'
import { addPoint, removePoint } from '../../src/extensions/decision-points/index.ts'
import { says, TestPoint } from '../../src/extensions/decision-points/testing.ts'
import { answer, type ScriptedServer } from '../../src/platform/net/mcp/testing.ts'
import type { OpenTask } from '../agent.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf, type Session, wordsOf } from './place.ts'
import { on, serveNotes } from './scripted.ts'

const text = { type: 'string' }
const pay = (mapping?: object) => ({
  name: 'pay',
  description: 'Pays.',
  inputSchema: {
    type: 'object',
    properties: { to: text, note: text, amount: { type: 'number' } },
    ...(mapping === undefined ? {} : { 'x-authzen-mapping': mapping }),
  },
})
const one = (change: object = {}) => ({
  evaluation: {
    subject: { type: 'user', id: '$token.sub' },
    action: { name: "$params.arguments.amount > 100 ? 'pay-much' : 'pay-little'" },
    resource: { type: 'account', id: '$params.arguments.to' },
    context: {
      agent: '$token.act.sub',
      task: '$token.?client_id',
      note: '$params.arguments.?note',
    },
    ...change,
  },
})
const both = {
  evaluations: {
    action: { name: 'touch' },
    evaluations: [
      { resource: { type: 'account', id: 'from' } },
      { resource: { type: 'account', id: '$params.arguments.to' } },
    ],
  },
}
const CALL = { to: 'acc-7', amount: 900.5 }

inOneWorld(
  'decision points asked as a tool declares',
  (world) => {
    let notes: ScriptedServer & { calls(): readonly unknown[] }
    let point: TestPoint
    let url: string
    let place: Place
    let task: OpenTask
    let session: Session

    before(async () => {
      notes = await serveNotes()
      point = new TestPoint()
      url = await point.listen()
      offer(pay(one()))
      place = await Place.add(world(), { name: 'bank', url: notes.url })
      await addPoint(world().rooms.decisions, { name: 'pdp', url, by: 'psn_admin' })
      task = await place.open()
      session = await place.session(task)
    })
    beforeEach(() => {
      point.asked.length = 0
      point.answering = says({ decision: true })
    })
    after(async () => {
      await notes.close()
      await point.close()
    })

    function offer(tool: object): void {
      notes.play(async (asked, reply) => {
        const list = on('tools/list', ({ message }) => answer(reply, message.id, { tools: [tool] }))
        const call = on('tools/call', ({ message }) =>
          answer(reply, message.id, { content: [{ type: 'text', text: 'paid' }] }),
        )
        return (await list(asked, reply)) || call(asked, reply)
      })
    }

    async function trust(trusted: boolean): Promise<void> {
      const ada = await world().api('ada')
      const done = await ada.send('PUT', '/resources/bank/mappings', { trusted })
      assert.equal(done.status, 200, done.text)
      assert.equal(done.body.mappings_trusted, trusted)
    }

    /** Another declaration, reviewed. */
    async function importAgain(mapping: object, accept: boolean): Promise<void> {
      offer(pay(mapping))
      const ada = await world().api('ada')
      const body = { mcp: notes.url, connection: 'echo-key', accept }
      const done = await ada.send('PUT', '/resources/bank', body)
      assert.equal(done.status, 200, done.text)
      point.asked.length = 0
    }

    /** Another declaration, reviewed. */
    async function declare(mapping: object): Promise<void> {
      await importAgain(mapping, true)
      task = await place.open()
      session = await place.session(task)
    }

    async function call(args: object = CALL) {
      const sent = notes.calls().length
      const said = rpcOf(await session.call('pay', args))
      return { said, sent: notes.calls().length - sent }
    }

    async function assertPaid(args: object = CALL): Promise<void> {
      const { said, sent } = await call(args)
      assert.equal(said.result && wordsOf(said.result), 'paid', JSON.stringify(said))
      assert.equal(sent, 1)
    }

    async function assertUnmapped(args: object = CALL): Promise<void> {
      const { said, sent } = await call(args)
      assert.equal(said.error?.code, -32602, JSON.stringify(said))
      assert.equal(said.error.data.code, 'external.unmapped')
      assert.equal(sent, 0, 'nothing was sent')
      assert.equal(point.asked.length, 0, 'nobody was asked')
    }

    it('are asked as about everything else as long as the server is not trusted with it', async () => {
      await assertPaid()
      const [asked] = point.asked
      assert.deepEqual(asked?.body.action, { name: 'bank.pay', properties: { access: 'write' } })
      assert.ok(!asked.text.includes('pay-much'))
    })

    it('are asked as it says once an administrator trusts the server, and their answer counts', async () => {
      await trust(true)
      await assertPaid()
      const { id: sam } = await world().person('sam')
      const [asked, ...more] = point.asked
      assert.equal(more.length, 0)
      assert.deepEqual(asked?.body, {
        subject: { type: 'user', id: sam },
        action: { name: 'pay-much' },
        resource: { type: 'account', id: 'acc-7' },
        context: { agent: 'refund-bot', task: task.id },
      })
      point.answering = says({ decision: false })
      const { said, sent } = await call()
      assert.match(wordsOf(said.result), /Not executed/)
      assert.equal(sent, 0)
      const records = (await world().ledger()).filter(
        ({ type }) => type === 'resource.mappings_trusted',
      )
      assert.equal(records.length, 1)
    })

    it('have to permit every request of several', async () => {
      await declare(both)
      await assertPaid()
      const ids = point.asked.map(({ body }) => (body.resource as { id: string }).id) // as declared
      assert.deepEqual(ids.toSorted(), ['acc-7', 'from'])
      point.answering = (reply, request) =>
        says({ decision: point.asked.length < 4 })(reply, request)
      assert.match(wordsOf((await call()).said.result), /Not executed/)
    })

    it('cannot be told that it is about somebody else', async () => {
      const { id: ada } = await world().person('ada')
      for (const id of [ada, '$params.arguments.to', '$token.act.sub']) {
        await declare(one({ subject: { type: 'user', id } }))
        await assertUnmapped({ ...CALL, to: ada })
      }
    })

    it('are not asked, and nothing is permitted, where the request cannot be made', async () => {
      await declare(one({ context: { note: '$params.arguments.note' } }))
      await assertUnmapped()
      await assertPaid({ ...CALL, note: 'rent' })
      for (const bomb of ["$params.arguments.to.matches('(a+)+$')", `$${'1+'.repeat(400)}1`]) {
        await declare(one({ context: { bomb } }))
        await assertUnmapped()
      }
      await declare({ evaluation: {}, evaluations: {} })
      await assertUnmapped()
    })

    it('cannot widen: what Remit denies is denied, and nobody is asked', async () => {
      await declare(one({ resource: { type: 'account', id: 'public' } }))
      const [action = ''] = place.actions
      const bounds = [{ path: '/amount', op: 'lte', value: '100' }]
      const narrow = await place.open(place.details([action], bounds))
      const kept = session
      session = await place.session(narrow)
      const { said, sent } = await call()
      assert.match(said.error?.message ?? wordsOf(said.result), /unknown tool|Not executed/)
      assert.equal(sent, 0)
      assert.equal(point.asked.length, 0)
      session = kept
    })

    it('that are to have no arguments are asked as always', async () => {
      const parts = world().rooms.decisions
      await removePoint(parts, { name: 'pdp', by: 'psn_admin' })
      const blind = { name: 'blind', url, sendsArguments: false, by: 'psn_admin' }
      await addPoint(parts, blind)
      await assertPaid()
      assert.ok(!point.asked[0]?.text.includes('acc-7'))
      await removePoint(parts, { name: 'blind', by: 'psn_admin' })
      await addPoint(parts, { name: 'pdp', url, by: 'psn_admin' })
    })

    it('are not asked as a changed declaration says before somebody has accepted it', async () => {
      await declare(one())
      await assertPaid()
      await importAgain(one({ action: { name: 'harmless' } }), false)
      const { said, sent } = await call()
      assert.match(
        said.error?.message ?? wordsOf(said.result),
        /changed after its review|unknown tool/,
      )
      assert.equal(sent, 0)
      assert.equal(point.asked.length, 0)
    })

    it('are asked as about everything else again when the trust is taken back', async () => {
      await declare(one())
      await trust(false)
      await assertPaid()
      assert.ok(!point.asked[0]?.text.includes('pay-much'))
    })
  },
  { mcp: { definitionsEvery: 3_600_000 } },
)
