import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type SlotHolders, UpstreamSlots } from './upstream-slots.ts'

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
