import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { asDelegates, containsByType, type Detail } from '@remit/engine'
import { type Basis, grantBasis } from '../../src/tasks/consent/index.ts'
import { closeTask, endBasis, listTasks, type Task } from '../../src/tasks/tasks/index.ts'
import { inEachWorld } from '../world.ts'
import { forgetAsking, WHY } from './acts.ts'
import { calls, Ways } from './desk.ts'
import { WAYS } from './grant-ways.ts'
import type { PreparedWay, Way } from './ways.ts'

const MANY = 10_000

inEachWorld(
  "contract 2: administrators' limits, whichever way a task opens",
  (world) => {
    let ways: Ways
    before(async () => {
      ways = await Ways.make(world())
    })

    /** Limit of less than anybody asks for: every way wants all things, or all notes. */
    const limit = (): readonly Detail[] => {
      const { gateway } = world()
      const some: Detail[] = [
        {
          ...calls(`${gateway}/echo`, ['echo.list']),
          bounds: [{ path: '/q', op: 'eq', value: 'x' }],
        },
        {
          ...calls(`${gateway}/desk`, ['desk.search-notes']),
          bounds: [{ path: '/query', op: 'eq', value: 'x' }],
        },
      ]
      return [...some, ...asDelegates(some)]
    }

    async function setLimit({ opens }: Way, { agents = [] }: Partial<PreparedWay>): Promise<Basis> {
      const agentId = opens?.agent ?? agents[0]
      if (!opens || agentId === undefined) throw new Error('nothing is known of who it is for')
      const { id: personId } = await world().person(opens.person)
      return grantBasis(world().rooms.decisions, {
        ...{ personId, agentId, kind: 'admin', details: limit(), grantedBy: 'operator' },
      })
    }

    const endLimit = ({ id }: Basis) =>
      endBasis(world().rooms.decisions, { basisId: id, by: 'operator' })

    const prepare = async (way: Way) => {
      await forgetAsking(world())
      return way.prepare(ways)
    }

    /** Takes the way; the tasks that were not there before. */
    async function openedBy({
      take,
    }: PreparedWay): Promise<{ seen: string; tasks: readonly Task[] }> {
      const { read } = world().rooms.storage
      const known = new Set((await listTasks(read, { limit: MANY })).map(({ id }) => id))
      const { seen } = await take()
      const tasks = (await listTasks(read, { limit: MANY })).filter(({ id }) => !known.has(id))
      return { seen, tasks }
    }

    async function isWithin({ details, mayDelegate }: Task): Promise<boolean> {
      const { kindOf } = await world().rooms.decisions.catalog.current()
      return containsByType(limit(), [...details, ...mayDelegate], kindOf)
    }

    for (const way of WAYS)
      it(
        way.opens ? `${way.name}: more than the limit, without one` : `${way.name}: no task`,
        async () => {
          const { seen, tasks } = await openedBy(await prepare(way))
          assert.equal(tasks.length, way.opens ? 1 : 0, seen)
          for (const task of tasks) {
            assert.equal(await isWithin(task), false, JSON.stringify(task))
            // Or the next assertion of a client without a key would go on with it.
            await closeTask(world().rooms.decisions, { ...WHY, taskId: task.id })
          }
        },
      )

    for (const way of WAYS.filter(({ opens }) => opens)) {
      it(`${way.name}: no more than was set when all was ready`, async () => {
        const ready = await prepare(way)
        const basis = await setLimit(way, ready)
        const { seen, tasks } = await openedBy(ready)
        await assertLimited(tasks, basis, seen)
        await endLimit(basis)
      })

      if (way.opens?.agent && !way.opens.askedOnlyWithout)
        it(`${way.name}: no more than was set before it began`, async () => {
          const basis = await setLimit(way, {})
          const { seen, tasks } = await openedBy(await prepare(way))
          await assertLimited(tasks, basis, seen)
          await endLimit(basis)
        })
    }

    /** Asserts one task, within the limit, and ended with it. */
    async function assertLimited(tasks: readonly Task[], basis: Basis, seen: string) {
      const [task, ...others] = tasks
      assert.ok(task && others.length === 0, seen)
      assert.ok(task.details.length > 0, seen)
      assert.ok(await isWithin(task), JSON.stringify(task))
      assert.ok(task.bases.includes(basis.id), 'it stands on what limits it')
    }
  },
  { desk: true, deviceCodes: true },
)
