import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { LEASE_MS } from '../../src/platform/revocation/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import { ask, standing } from '../a2a/scripted.ts'
import { actBeforeIn } from '../act-before.ts'
import type { OpenTask } from '../agent.ts'
import type { Answer } from '../wire.ts'
import { inOneWorld } from '../world.ts'
import { Place, rpcOf } from './place.ts'
import { serveNotes } from './scripted.ts'
import { Stateless } from './stateless.ts'

/** A request that tells of what a task may do, and what stands in its answer. */
interface ToldAnswer {
  readonly request: () => Promise<Answer>
  readonly tells: RegExp
}

inOneWorld('what is told rests on what has not ended meanwhile', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place
  const agent = standing(world, 'carded')

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url })
  })
  after(() => notes.close())

  const tellings: Readonly<Record<string, (task: OpenTask) => Promise<ToldAnswer>>> = {
    async list(task) {
      const session = await place.session(task)
      return { request: () => session.request('tools/list'), tells: /"erase"/ }
    },
    async discovery(task) {
      const client = await Stateless.at(place, task)
      return { request: () => client.request('server/discover'), tells: /supportedVersions/ }
    },
    async beginning(task) {
      const bare = await place.bare(task)
      const clientInfo = { name: 'hand', version: '1' }
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
      return { request: () => bare.request('initialize', params), tells: /serverInfo/ }
    },
    async card(task) {
      const session = await agent.place.bare(task)
      return { request: () => ask(session, 'GetExtendedAgentCard'), tells: /"book"/ }
    },
  }
  const open = () => place.open([...place.details(), ...agent.place.details()])
  /** Runs an act once, between the look at who asks and the answer. */
  const meanwhile = (t: Parameters<typeof actBeforeIn>[0], act: () => Promise<unknown>) =>
    actBeforeIn(t, world().rooms.decisions.facts, { before: ['limits'], act })

  for (const [what, telling] of Object.entries(tellings)) {
    it(`E17: a ${what} is not told once its task has ended`, async (t) => {
      const task = await open()
      const { request, tells } = await telling(task)
      const { hasActed } = meanwhile(t, () =>
        closeTask(world().rooms.decisions, { taskId: task.id, by: 'operator', reason: 'operator' }),
      )
      const told = await request()
      assert.equal(hasActed(), true)
      assert.equal(told.status, 403, told.text)
      assert.doesNotMatch(told.text, tells)
      assert.match(told.text, /call\.no_longer_live/)
    })

    it(`core M1: a ${what} is told after a lease that ran out`, async (t) => {
      const { request, tells } = await telling(await open())
      const { hasActed } = meanwhile(t, async () => world().clock.advance(LEASE_MS))
      const told = await request()
      assert.equal(hasActed(), true)
      assert.equal(told.status, 200, told.text)
      assert.match(told.text, tells)
    })
  }

  it('G5: what is told while policies are published is by those of now', async (t) => {
    const { rooms } = world()
    const { id: by } = await world().person('ada')
    const { text } = await rooms.policies.version((await rooms.policies.active()).version)
    const publish = (more: string) =>
      publishPolicies(rooms.policy, { text: text + more, by, note: 'for tests' })
    const session = await place.session(await open())
    const names = async () => {
      const { result } = rpcOf(await session.request('tools/list'))
      return result.tools.map(({ name }: { name: string }) => name)
    }
    const all = await names()
    assert.ok(all.includes('erase'))
    const { hasActed } = meanwhile(t, () =>
      publish('\n@id("stop") forbid (principal, action == Action::"notes.erase", resource);'),
    )
    assert.deepEqual(
      await names(),
      all.filter((name: string) => name !== 'erase'),
    )
    assert.equal(hasActed(), true)
    await publish('')
  })
})
