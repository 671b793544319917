import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sql } from 'kysely'
import { cleanUp, tidy } from '../../src/background.ts'
import { protocolRecords } from '../../src/identity/opaque-tokens/index.ts'
import { inEachWorld, type World } from '../world.ts'

const OVER = 1

/** Runs one round of the clean-up of a server; answers what it told. */
async function clean({ rooms }: World) {
  const { decisions, storage } = rooms
  const told: Error[] = []
  const kept = protocolRecords({ storage, clock: decisions.clock })
  const chores = cleanUp({ rooms, records: kept })
  await tidy({ rooms }, chores, (error) => told.push(error as Error)) // as: that is what is told
  return told
}

inEachWorld('the clean-up of a server', (world) => {
  const rename = (w: World, from: string, to: string) =>
    w.rooms.storage.transaction((tx) =>
      sql`ALTER TABLE ${sql.table(from)} RENAME TO ${sql.table(to)}`.execute(tx),
    )

  async function leaveBehind({ rooms }: World) {
    await rooms.storage.transaction(async (tx) => {
      const used = { kind: 'proof', key: 'over', expires_at: OVER }
      await tx.insertInto('used_once').values(used).execute()
      const signIn = { state_digest: 'over', issuer: 'x', sealed: new Uint8Array(1) }
      await tx
        .insertInto('sign_ins')
        .values({ ...signIn, return_to: '/', expires_at: OVER })
        .execute()
    })
  }

  async function left({ rooms: { storage } }: World) {
    const uses = await storage.read.selectFrom('used_once').selectAll().execute()
    const signIns = await storage.read.selectFrom('sign_ins').selectAll().execute()
    return {
      use: uses.some(({ key }) => key === 'over'),
      signIn: signIns.some(({ state_digest: digest }) => digest === 'over'),
    }
  }

  it('C13: a step that fails keeps none of the others from being done, is told by its name, and is tried again', async () => {
    const w = world()
    await leaveBehind(w)
    await rename(w, 'used_once', 'used_elsewhere')
    const told = await clean(w).finally(() => rename(w, 'used_elsewhere', 'used_once'))
    assert.deepEqual(
      told.map(({ message }) => message),
      ['`what is used once` failed, and is tried again'],
    )
    assert.ok(told[0]?.cause instanceof Error)
    assert.deepEqual(await left(w), { use: true, signIn: false })
    assert.deepEqual(await clean(w), [])
    assert.deepEqual(await left(w), { use: false, signIn: false })
  })

  it('C2: a server that cannot tell the time forgets nothing', async () => {
    const w = world()
    await leaveBehind(w)
    w.clock.advance(-60_000)
    await w.rooms.live.renew().catch(() => {})
    assert.ok(w.rooms.live.clockProblem)
    await clean(w)
    assert.deepEqual(await left(w), { use: true, signIn: true })
    w.clock.advance(60_000)
    await w.rooms.live.renew()
    await clean(w)
    assert.deepEqual(await left(w), { use: false, signIn: false })
  })
})
