import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { hoursIn, Pace } from './pace.ts'

const START = Date.UTC(2026, 0, 1)

describe('how fast calls follow each other', () => {
  test('is the calls of the last sixty seconds, whole seconds, per key', () => {
    const steps = fc.array(
      fc.record({ after: fc.nat({ max: 40_000 }), key: fc.constantFrom('a', 'b') }),
    )
    fc.assert(
      fc.property(steps, (calls) => {
        const pace = new Pace()
        const seen: { readonly key: string; readonly second: number }[] = []
        let at = START
        for (const { after, key } of calls) {
          at += after
          const second = Math.floor(at / 1000)
          for (const each of ['a', 'b']) {
            const expected = seen.filter((one) => one.key === each && one.second > second - 60)
            assert.equal(pace.count(each, at), expected.length)
          }
          pace.add(key, at)
          seen.push({ key, second })
        }
      }),
    )
  })

  test('a clock that is set back forgets nothing early, and counts nothing that is too old', () => {
    const pace = new Pace()
    pace.add('a', START)
    assert.equal(pace.count('a', START - 30_000), 1)
    pace.add('a', START - 30_000)
    assert.equal(pace.count('a', START), 2)
    pace.add('a', START - 3_600_000)
    assert.equal(pace.count('a', START), 2)
    pace.add('a', START - 60_000)
    assert.equal(pace.count('a', START), 2)
    assert.equal(pace.count('a', START + 60_000), 0)
  })

  test('is known of 20,000 keys; the one that was not used for longest goes first', () => {
    const pace = new Pace()
    for (let i = 0; i < 20_000; i++) pace.add(`${i}`, START)
    assert.equal(pace.count('0', START), 1)
    pace.add('0', START)
    pace.add('new', START)
    assert.equal(pace.count('0', START), 2)
    assert.equal(pace.count('1', START), 0)
    assert.equal(pace.count('2', START), 1)
  })
})

describe('the hour', () => {
  test('is that of the zone, across its changes, and of zones off by quarters', () => {
    const berlin = hoursIn('Europe/Berlin')
    assert.equal(berlin(Date.UTC(2026, 2, 29, 0, 59)), 1)
    assert.equal(berlin(Date.UTC(2026, 2, 29, 1, 0)), 3)
    assert.equal(hoursIn('UTC')(Date.UTC(2026, 2, 29, 23, 59)), 23)
    assert.equal(hoursIn('UTC')(Date.UTC(2026, 2, 29)), 0)
    const kathmandu = hoursIn('Asia/Kathmandu')
    assert.equal(kathmandu(Date.UTC(2026, 0, 1, 0, 14)), 5)
    assert.equal(kathmandu(Date.UTC(2026, 0, 1, 0, 15)), 6)
  })
})
