import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SlotHolders } from './held-places.ts'
import { UpstreamSlots } from './upstream-slots.ts'

const ORIGIN = 'http://api.example'
const LIMIT = 128
const holders = (task: string, agent = 'bot', person = 'sam'): SlotHolders => ({
  task,
  agent,
  person,
})

/** Takes until it is refused. */
function takeAll(slots: UpstreamSlots, who: (i: number) => SlotHolders): (() => void)[] {
  const taken: (() => void)[] = []
  for (let i = 0; i < 1000; i++) {
    const release = slots.take(ORIGIN, who(i))
    if (!release) return taken
    taken.push(release)
  }
  throw new Error('never refused')
}

for (const [name, greedy, most] of [
  ['one task', () => holders('greedy'), 96],
  ['an agent with a task for each call', (i: number) => holders(`t${i}`), 104],
  ['a person with an agent for each call', (i: number) => holders(`t${i}`, `bot${i}`), 104],
  ['an agent with a person for each call', (i: number) => holders(`t${i}`, 'bot', `p${i}`), 112],
] as const) {
  test(`${name} never holds every connection, and somebody else still gets through`, () => {
    const slots = new UpstreamSlots(LIMIT)
    const taken = takeAll(slots, greedy)
    assert.equal(taken.length, most)
    const others = takeAll(slots, () => holders('other', 'desk', 'fiona'))
    assert.ok(others.length >= 1)
    for (const release of [...taken, ...others]) release()
  })
}

test('a busy task leaves room for another one of the same agent and person', () => {
  const slots = new UpstreamSlots(LIMIT)
  takeAll(slots, () => holders('greedy'))
  assert.ok(slots.take(ORIGIN, holders('other')))
})

test('an agent that one person keeps busy still works for the next person', () => {
  const slots = new UpstreamSlots(LIMIT)
  takeAll(slots, () => holders('greedy'))
  assert.ok(slots.take(ORIGIN, holders('other', 'bot', 'fiona')))
})

test('while plenty is free one caller may have more than its share', () => {
  const slots = new UpstreamSlots(LIMIT)
  slots.take(ORIGIN, holders('other', 'desk', 'fiona'))
  for (let i = 0; i < 90; i++) assert.ok(slots.take(ORIGIN, holders('busy')), `call ${i}`)
})

test('another API has connections of its own', () => {
  const slots = new UpstreamSlots(LIMIT)
  takeAll(slots, () => holders('greedy'))
  assert.ok(slots.take('http://other.example', holders('greedy')))
})

/** Slots whose calls wait until they are told that it took too long. */
function patientSlots(limit: number): { slots: UpstreamSlots; giveUp(): Promise<void> } {
  let late = Promise.withResolvers<void>()
  const over = (signal: AbortSignal) =>
    Promise.race([
      late.promise,
      new Promise<void>((done) => signal.addEventListener('abort', () => done())),
    ])
  return {
    slots: new UpstreamSlots(limit, over),
    async giveUp() {
      late.resolve()
      late = Promise.withResolvers()
      await new Promise(setImmediate)
    },
  }
}

test('a call waits for a connection that another returns, in the order of coming', async () => {
  const { slots } = patientSlots(LIMIT)
  const taken = takeAll(slots, () => holders('busy'))
  const came: string[] = []
  const waiting = ['first', 'second'].map(async (name) => {
    const release = await slots.takeSoon(ORIGIN, holders('busy'))
    came.push(name)
    return release
  })
  taken[0]?.()
  const release = await waiting[0]
  assert.ok(release)
  assert.deepEqual(came, ['first'])
  release()
  assert.ok(await waiting[1])
  assert.deepEqual(came, ['first', 'second'])
})

test('a caller that holds its share waits behind others, whenever it came', async () => {
  const { giveUp, slots } = patientSlots(8)
  const greedy = takeAll(slots, () => holders('greedy'))
  const others = takeAll(slots, (i) => holders(`t${i}`, `bot${i}`, `p${i}`))
  const more = slots.takeSoon(ORIGIN, holders('greedy'))
  const other = slots.takeSoon(ORIGIN, holders('other', 'desk', 'fiona'))
  others[0]?.()
  assert.ok(await other)
  assert.ok(greedy.length > 0)
  await giveUp()
  assert.equal(await more, undefined)
})

test('who waited too long is refused, and gets nothing that is returned later', async () => {
  const { giveUp, slots } = patientSlots(8)
  const taken = takeAll(slots, () => holders('busy'))
  const late = slots.takeSoon(ORIGIN, holders('busy'))
  await giveUp()
  assert.equal(await late, undefined)
  for (const release of taken) release()
  assert.equal(takeAll(slots, () => holders('busy')).length, taken.length)
})

test('whoever waits for nothing else is refused at once', async () => {
  const slots = new UpstreamSlots(8)
  takeAll(slots, () => holders('busy'))
  assert.equal(await slots.takeSoon(ORIGIN, holders('busy')), undefined)
})

test('never more than the limit; what is given back, also twice, is free once; nothing is kept', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ take: fc.boolean(), who: fc.nat(4), at: fc.nat(30) }), {
        maxLength: 300,
      }),
      (acts) => {
        const slots = new UpstreamSlots(8)
        const taken: (() => void)[] = []
        const under = new Set<() => void>()
        for (const { at, take, who } of acts) {
          if (take) {
            const release = slots.take(ORIGIN, holders(`t${who}`, `a${who % 3}`, `p${who % 2}`))
            if (release) {
              taken.push(release)
              under.add(release)
            }
          } else {
            const release = taken[at]
            release?.()
            if (release) under.delete(release)
          }
          assert.ok(under.size <= 8)
        }
        for (const release of taken) release()
        assert.equal(takeAll(slots, () => holders('x')).length, 6)
      },
    ),
  )
})

test('with calls that wait: never more than the limit, and in the end every connection is free', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ take: fc.boolean(), who: fc.nat(4), at: fc.nat(20) }), {
        maxLength: 120,
      }),
      async (acts) => {
        const { giveUp, slots } = patientSlots(8)
        const got: (() => void)[] = []
        let held = 0
        let most = 0
        const takers: Promise<void>[] = []
        const takeSoon = async (who: number): Promise<void> => {
          const release = await slots.takeSoon(
            ORIGIN,
            holders(`t${who}`, `a${who % 3}`, `p${who % 2}`),
          )
          if (!release) return
          most = Math.max(most, ++held)
          got.push(() => {
            held--
            release()
          })
        }
        for (const { at, take, who } of acts) {
          if (take) takers.push(takeSoon(who))
          else got.splice(at % Math.max(got.length, 1), 1)[0]?.()
          await Promise.resolve()
        }
        await giveUp()
        await Promise.all(takers)
        for (const release of got) release()
        assert.ok(most <= 8)
        assert.equal(held, 0)
        assert.equal(takeAll(slots, () => holders('x')).length, 6)
      },
    ),
  )
})
