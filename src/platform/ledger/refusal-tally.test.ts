import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import type { Storage } from '../storage/index.ts'
import { onBothEngines } from '../storage/testing.ts'
import { REFUSAL_WINDOW_MS } from './refusal-tally.ts'
import { MAX_RECORDED } from './repeat-window.ts'
import { MAX_SOURCES } from './stranger-window.ts'
import { ledgerOn } from './testing.ts'

interface ReadRecord {
  readonly type: string
  readonly reason?: string
  readonly task?: string
  readonly commitments?: Readonly<Record<string, string>>
  readonly facts: {
    readonly window?: string
    readonly entry?: number
    readonly others?: boolean
    readonly counts?: readonly number[]
    readonly count?: number
    readonly like?: string
  }
}

function onEach(storage: Storage, hasRoom = () => true) {
  const clock = manualClock()
  const ledger = ledgerOn(storage, { clock, hasRoom })
  const from = (ip: string, reason = 'token.expired') =>
    ledger.refusals.countStranger({ at: 'call', reason, ip })
  const read = async (): Promise<readonly ReadRecord[]> => {
    await ledger.sequence()
    const records = await ledger.records(0, 1_000)
    return records.map(({ record }) => JSON.parse(record))
  }
  return { clock, ledger, from, read }
}

const address = (i: number) => `10.0.${i >> 8}.${i & 255}`

onBothEngines('refusals that are counted', (open) => {
  test('A/HIGH 2: a thousand refusals of one stranger are one record, and their count', async () => {
    const { clock, from, read } = onEach(await open())
    from('192.0.2.1')
    const first = await read()
    assert.deepEqual(
      first.map(({ type, reason }) => [type, reason]),
      [['refusals.noticed', 'token.expired']],
      'the first is on record with the next run',
    )
    assert.ok(first[0]?.commitments?.origin, 'the address is behind a commitment')
    for (let i = 0; i < 999; i++) from('192.0.2.1')
    assert.deepEqual(await read(), first, 'nothing is written for the others')
    clock.advance(REFUSAL_WINDOW_MS)
    const [, counted, ...more] = await read()
    assert.deepEqual(more, [])
    assert.equal(counted?.type, 'refusals.counted')
    assert.deepEqual(counted?.facts.counts, [1_000])
    assert.equal(counted?.facts.window, first[0]?.facts.window)
    clock.advance(REFUSAL_WINDOW_MS)
    assert.equal((await read()).length, 2, 'a quiet window writes nothing')
    from('192.0.2.1')
    const again = await read()
    assert.equal(again.length, 3)
    assert.notEqual(again[2]?.facts.window, counted?.facts.window)
  })

  test('a caller with many addresses of IPv6 is one source; another reason is another record', async () => {
    const { from, read } = onEach(await open())
    for (let i = 1; i < 50; i++) from(`2001:db8::${i.toString(16)}`)
    from('2001:db8::1', 'proof.missing')
    from('127.0.0.1')
    assert.equal((await read()).length, 3)
  })

  test('ten thousand sources and all reasons there are write a bounded number of records', async () => {
    const { clock, from, read } = onEach(await open())
    for (let i = 0; i < 10_000; i++) from(address(i), `token.r${i % 100}`)
    const noticed = await read()
    assert.equal(noticed.length, MAX_SOURCES + 32 + 1)
    assert.equal(noticed.filter(({ facts }) => facts.others).length, 33)
    for (let i = 0; i < 10_000; i++) from(address(i), `token.r${i % 100}`)
    assert.equal((await read()).length, noticed.length)
    clock.advance(REFUSAL_WINDOW_MS)
    const counts = (await read()).at(-1)?.facts.counts ?? []
    assert.equal(counts.length, noticed.length)
    assert.equal(
      counts.reduce((sum, each) => sum + each, 0),
      20_000,
      'every one is counted',
    )
  })

  test('what was counted is written when the server stops', async () => {
    const { from, ledger, read } = onEach(await open())
    from('192.0.2.1')
    from('192.0.2.1')
    await ledger.stop()
    assert.deepEqual((await read()).at(-1)?.facts.counts, [2])
  })

  test('without room nothing is written, and the count goes on', async () => {
    let hasRoom = false
    const { from, ledger, read } = onEach(await open(), () => hasRoom)
    from('192.0.2.1')
    assert.equal(
      ledger.refusals.admits({ task: 't', agent: 'a', reason: 'task.not_covered' }),
      false,
    )
    assert.deepEqual(await read(), [])
    hasRoom = true
    assert.equal((await read()).length, 1)
    assert.deepEqual(ledger.refusals.totals, { strangers: 1, repeats: 1, dropped: 0 })
  })

  test('C11: an agent that repeats itself is recorded so many times in a window, then counted', async () => {
    const { clock, ledger, read } = onEach(await open())
    const { refusals } = ledger
    const looping = { task: 'tsk_1', agent: 'bot', reason: 'agent.quarantined' }
    let recorded = 0
    for (let i = 0; i < 1_000; i++) {
      if (!refusals.admits(looping)) continue
      recorded++
      refusals.noteRecorded(looping, `dec_${i}`)
    }
    assert.equal(recorded, MAX_RECORDED.ofTask)
    assert.equal(refusals.lastOf(looping), `dec_${recorded - 1}`, 'it stands for those after it')
    assert.ok(refusals.admits({ ...looping, reason: 'task.not_covered' }), 'of another reason')
    assert.ok(refusals.admits({ ...looping, task: 'tsk_2' }), 'of another task')
    assert.deepEqual(await read(), [])
    clock.advance(REFUSAL_WINDOW_MS)
    const [repeated, ...more] = await read()
    assert.deepEqual(more, [])
    assert.equal(repeated?.type, 'refusals.repeated')
    assert.equal(repeated?.task, 'tsk_1')
    assert.equal(repeated?.facts.count, 1_000 - recorded)
    assert.equal(repeated?.facts.like, `dec_${recorded - 1}`)
    assert.ok(refusals.admits(looping), 'a new window begins anew')
  })

  test('C11: an agent with many tasks has a limit over all of them', async () => {
    const { ledger } = onEach(await open())
    let recorded = 0
    for (let i = 0; i < 5_000; i++)
      if (ledger.refusals.admits({ task: `tsk_${i}`, agent: 'bot', reason: 'agent.quarantined' }))
        recorded++
    assert.equal(recorded, MAX_RECORDED.ofAgent)
  })

  test('C11: callers beyond those that are told apart have no records, and are counted together', async () => {
    const { clock, ledger, read } = onEach(await open())
    let recorded = 0
    for (let i = 0; i < 12_000; i++)
      if (ledger.refusals.admits({ task: `tsk_${i}`, reason: 'token.expired' })) recorded++
    assert.equal(recorded, 10_000)
    clock.advance(REFUSAL_WINDOW_MS)
    const counts = (await read()).map(({ facts, task }) => [task, facts.count])
    assert.deepEqual(counts, [[undefined, 2_000]])
  })

  test('a store that fails keeps nobody from being refused, and the record follows', async () => {
    const storage = await open()
    let fails = true
    const flaky = new Proxy(storage, {
      get(target, name) {
        if (name === 'commit' && fails) return async () => Promise.reject(new Error('no store'))
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { from, ledger, read } = onEach(flaky)
    from('192.0.2.1')
    await ledger.refusals.flush()
    fails = false
    assert.equal((await read()).length, 1)
  })
})
