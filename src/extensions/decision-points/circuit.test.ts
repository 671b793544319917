import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { Circuit } from './circuit.ts'

function opened() {
  const clock = manualClock()
  const circuit = new Circuit(clock)
  for (let i = 0; i < 5; i++) {
    assert.equal(circuit.enter(), undefined)
    circuit.failed()
  }
  return { circuit, clock }
}

describe('a circuit', () => {
  test('opens after five failures in a row, and an answer in between begins anew', () => {
    const circuit = new Circuit(manualClock())
    for (let i = 0; i < 12; i++) {
      assert.equal(circuit.enter(), undefined)
      if (i % 5 === 4) circuit.answered()
      else circuit.failed()
    }
    assert.equal(circuit.isOpen, false)
    assert.equal(opened().circuit.isOpen, true)
  })

  test('lets exactly one call try when the time is over', () => {
    const { circuit, clock } = opened()
    clock.advance(4_999)
    assert.match(circuit.enter() ?? '', /not asked/)
    clock.advance(1)
    assert.equal(circuit.enter(), undefined)
    for (let i = 0; i < 10; i++) assert.match(circuit.enter() ?? '', /not asked/)
    circuit.answered()
    assert.equal(circuit.isOpen, false)
    assert.equal(circuit.enter(), undefined)
  })

  test('waits twice as long each time that fails, up to a minute', () => {
    const { circuit, clock } = opened()
    for (const wait of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      clock.advance(wait - 1)
      assert.match(circuit.enter() ?? '', /not asked/, String(wait))
      clock.advance(1)
      assert.equal(circuit.enter(), undefined, String(wait))
      circuit.failed()
    }
    clock.advance(60_000)
    circuit.enter()
    circuit.answered()
    for (let i = 0; i < 5; i++) {
      circuit.enter()
      circuit.failed()
    }
    clock.advance(5_000)
    assert.equal(circuit.enter(), undefined, 'begins with five seconds again')
  })

  test('is not kept open by calls that began before it opened', () => {
    const clock = manualClock()
    const circuit = new Circuit(clock)
    for (let i = 0; i < 40; i++) assert.equal(circuit.enter(), undefined)
    for (let i = 0; i < 20; i++) circuit.failed()
    clock.advance(4_999)
    for (let i = 0; i < 20; i++) circuit.failed()
    clock.advance(1)
    assert.equal(circuit.enter(), undefined)
  })

  test('lets no more calls wait than it may', () => {
    const circuit = new Circuit(manualClock())
    for (let i = 0; i < 256; i++) assert.equal(circuit.enter(), undefined)
    assert.match(circuit.enter() ?? '', /too many/)
    circuit.answered()
    assert.equal(circuit.enter(), undefined)
  })
})
