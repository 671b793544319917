import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { Ways } from '../ways/desk.ts'
import { WAYS } from '../ways/grant-ways.ts'
import { inEachWorld, type World } from '../world.ts'
import { STEPS, type Step } from './steps.ts'
import { type Stop, Stops } from './stops.ts'

const TOKENS = /^\/oauth\/token$/
/** Steps that store something on the way to a task, in it and at its end, by what asks for it. */
const ALL: readonly (Step & { readonly serves?: string })[] = [
  ...WAYS.filter(({ grant }) => grant !== undefined).map((way) => ({ ...way, path: TOKENS })),
  ...STEPS,
]

/** Answers to whoever asks again: it was done before, although nobody heard of it. */
const DONE =
  /"(?:subject_token\.replayed|ticket\.replayed|code\.used|refresh_token\.used|deferral\.used|registration\.unauthorized)"|You allowed this/

/** Answers that say so in so many words, or a page from which one goes on. */
const STOPPED =
  /^503 .*(?:storage\.unavailable|temporarily_unavailable)|^200 .*You allowed this .* Back to the program/s

const MAX_STOPS = 8
const MANY = 100_000

inEachWorld(
  'a request that is stopped at anything that it makes durable',
  (world) => {
    let ways: Ways
    let stops: Stops
    before(async () => {
      ways = await Ways.make(world())
      stops = Stops.in(world())
    })
    after(() => stops.end())

    /** Counts the tasks that live: one whose opening could not be answered is closed, and gives back what it took. */
    const tasks = async () => {
      const all = await listTasks(world().rooms.storage.read, { limit: MANY })
      return all.filter(({ state }) => state !== 'closed').length
    }

    for (const { name, path, prepare, serves } of ALL)
      it(`leaves nothing half made, and can be made again or is over: ${name}`, async () => {
        for (const how of ['gone', 'unknown'] satisfies Stop[])
          for (let at = 0; ; at++) {
            assert.ok(at < MAX_STOPS, 'there is an end')
            await forgetLimits(world())
            const { take } = await prepare(ways)
            const before = await tasks()
            const { answer, stopped } = await stops.during({ at, how, path }, take)
            const hint = `${how} at ${at}: ${answer.seen}`
            if (!stopped) {
              assert.ok(answer.through && at > 0, hint)
              break
            }
            assert.match(answer.seen, STOPPED, hint)
            assert.doesNotMatch(
              answer.seen,
              /"(?:access_token|refresh_token|ticket|code)":"ey|remit_/,
            )
            const again = await take()
            if (!again.through) assert.match(again.seen, DONE, `${hint}, again: ${again.seen}`)
            if (how === 'gone' && at === 0)
              assert.ok(again.through, `${hint}, again: ${again.seen}`)
            if (serves) assert.ok((await tasks()) - before <= 1, hint)
          }
      })

    it('and in the end the store agrees with itself, and with the ledger', async () => {
      const { read } = world().rooms.storage
      const opened = await listTasks(read, { limit: MANY })
      const ids = opened.map(({ id }) => id).toSorted()
      const records = await world().ledger()
      const of = (type: string) =>
        records.filter((each) => each.type === type).map(({ task }) => String(task))
      assert.deepEqual(of('task.opened').toSorted(), ids)
      const closed = opened.filter(({ state }) => state === 'closed').map(({ id }) => id)
      assert.deepEqual(of('task.closed').toSorted(), closed.toSorted())
      const live = await read
        .selectFrom('live_epochs')
        .select(['id', 'state'])
        .where('kind', '=', 'task')
        .execute()
      const state = new Map(live.map((row) => [row.id, row.state]))
      for (const task of opened)
        assert.equal(state.get(task.id), task.state === 'open' ? 'active' : 'ended', task.id)

      const known = new Set<string>(ids)
      for (const table of [
        'deferrals',
        'authorizations',
        'bearer_tokens',
        'refresh_tokens',
      ] as const)
        for (const row of await read.selectFrom(table).selectAll().execute()) {
          if (row.task_id !== null) assert.ok(known.has(row.task_id), `${table} ${row.task_id}`)
          if ('state' in row) {
            const fetched = row.state === 'redeemed' || row.state === 'used'
            assert.equal(fetched, row.task_id !== null, `${table}: ${JSON.stringify(row)}`)
          }
        }
      const fresh = new Map<string, number>()
      for (const { task_id, used_at } of await read
        .selectFrom('refresh_tokens')
        .select(['task_id', 'used_at'])
        .execute())
        if (used_at === null) fresh.set(task_id, (fresh.get(task_id) ?? 0) + 1)
      for (const [task, count] of fresh) assert.equal(count, 1, `${task}: one family`)
    })
  },
  { desk: true, deviceCodes: true },
)

/** People are asked only so often in an hour, and type so many codes in five minutes; here it all comes close together. */
async function forgetLimits({ rooms }: World): Promise<void> {
  await rooms.storage.transaction(async (tx) => {
    await tx.updateTable('consent_requests').set({ created_at: 0 }).execute()
    await tx.deleteFrom('used_once').where('kind', '=', 'typed code').execute()
  })
}
