import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { Step } from '../../src/platform/storage/index.ts'
import { inEachWorld, type World } from '../world.ts'
import { prepareAll } from './acts.ts'
import { Ways } from './desk.ts'
import { WAYS } from './grant-ways.ts'

/** Guard of whatever gives authority: this server's lease by database time. */
const LEASE = 'own lease'

/**
 * The n-th look at the lease during `work` finds none, nor does any after it (agents of tests ask again), as at a server that slept
 * and whose clocks noticed nothing. Answers whether there was such a look.
 */
async function withoutLease<T>({ rooms }: World, n: number, work: () => Promise<T>) {
  const { storage } = rooms
  const { commit } = storage
  let looks = 0
  const failing = (step: Step): Step => ({ ...step, rows: 2 })
  Object.assign(storage, {
    commit: (steps: readonly Step[]) => {
      const looking = steps.some(({ guard }) => guard?.name === LEASE) && looks++ >= n
      return commit(
        looking ? steps.map((each) => (each.guard?.name === LEASE ? failing(each) : each)) : steps,
      )
    },
  })
  try {
    const answer = await work()
    return { answer, looked: looks > n }
  } finally {
    Object.assign(storage, { commit })
  }
}

inEachWorld(
  'C1: every way in which power is taken up or used, at a server that slept',
  (world) => {
    let ways: Ways
    before(async () => {
      ways = await Ways.make(world())
    })

    for (const n of [0, 1])
      it(`is shut where its ${n === 0 ? 'first' : 'second'} look at its lease finds none`, async () => {
        const open: string[] = []
        const blind: string[] = []
        const all = await prepareAll(ways, WAYS)
        const reached = world().echo.reached.length
        for (const [{ name }, { take }] of all) {
          const { answer, looked } = await withoutLease(world(), n, take)
          if (!looked && n === 0) blind.push(name)
          if (looked && answer.through) open.push(`${name}: ${answer.seen}`)
        }
        assert.deepEqual(open, [], 'nobody gets through')
        assert.deepEqual(blind, [], 'everything looks')
        if (n === 0) assert.equal(world().echo.reached.length, reached, 'nothing reaches an API')
      })
  },
  { desk: true, deviceCodes: true },
)
