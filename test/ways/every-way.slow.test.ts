import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { inEachWorld } from '../world.ts'
import { ACTS, prepareAll, takenOf } from './acts.ts'
import { Ways } from './desk.ts'
import { WAYS as ALL } from './grant-ways.ts'

/**
 * Ways outside of the token endpoint. Those at it have a test of their own (`grants.test.ts`), but
 * for what cannot be undone.
 */
const WAYS = ALL.filter(({ grant }) => grant === undefined)

inEachWorld(
  'every way in which power is taken up or used',
  (world) => {
    let ways: Ways
    before(async () => {
      ways = await Ways.make(world())
    })

    it('is open while all is well', async () => {
      for (const [{ name }, { take }] of await prepareAll(ways, WAYS)) {
        const { seen, through } = await take()
        assert.ok(through, `${name}: ${seen}`)
      }
    })

    for (const { act, name, takes, undo } of ACTS)
      it(`is shut to whoever stands on it when ${name}`, async () => {
        const concerned = (undo ? WAYS : ALL).filter(({ standsOn }) =>
          standsOn.some((one) => takes.includes(one)),
        )
        const all = await prepareAll(ways, concerned)
        const ready = takenOf(all)
        await act(ways, ready)
        try {
          const reached = world().echo.reached.length
          const open: string[] = []
          for (const [way, { take }] of all) {
            const { seen, through } = await take()
            if (through) open.push(`${way.name}: ${seen}`)
          }
          assert.deepEqual(open, [])
          assert.equal(world().echo.reached.length, reached)
        } finally {
          await undo?.(ways, ready)
        }
      })
  },
  { desk: true, deviceCodes: true },
)
