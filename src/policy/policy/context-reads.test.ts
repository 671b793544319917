import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordValue } from '@remit/engine'
import { ContextReads } from './context-reads.ts'

const CONTEXT = { Var: 'context' }
const member = (name: string) => ({ '.': { left: CONTEXT, attr: name } })
const NOW = member('now')
const IP = { '.': { left: member('origin'), attr: 'ip' } }
const datetime = (text: string) => ({ Value: { __extn: { fn: 'datetime', arg: text } } })
const NOON = datetime('2026-11-30T12:00:00.000Z')

function contextAt(now: string, ip = '10.0.0.1', purpose = 'read') {
  return recordValue({
    now: { datetime: `2026-11-30T${now}Z` },
    origin: { record: { ip } },
    task: { record: { purpose } },
    space: { entity: { type: 'Space', id: 's' } },
  })
}

function readsOf(body: object) {
  const reads = new ContextReads('p', { conditions: [{ kind: 'when', body }] })
  const seen = (...of: Parameters<typeof contextAt>) => reads.seen(contextAt(...of))
  return { reads, seen }
}

describe('what a policy sees of a context', () => {
  test('is which side of a limit the time is on, and not the time', () => {
    const { seen } = readsOf({ '<': { left: NOW, right: NOON } })
    assert.equal(seen('09:00:00.000'), seen('11:59:59.999', '10.0.0.2', 'write'))
    assert.notEqual(seen('11:59:59.999'), seen('12:00:00.000'))
  })

  test('is the time itself where it meets something else', () => {
    const principal = { '.': { left: { Var: 'principal' }, attr: 'until' } }
    const { seen } = readsOf({ '<': { left: NOW, right: principal } })
    assert.notEqual(seen('09:00:00.000'), seen('09:00:00.001'))
  })

  test('is each part of a condition for itself', () => {
    const isLocal = { '==': { left: IP, right: { Value: '10.0.0.1' } } }
    const isEarly = { '<': { left: NOW, right: NOON } }
    const isReading = {
      '==': { left: { '.': { left: member('task'), attr: 'purpose' } }, right: { Value: 'read' } },
    }
    const { seen } = readsOf({
      '||': { left: { '&&': { left: isLocal, right: isReading } }, right: isEarly },
    })
    const first = seen('09:00:00.000')
    assert.equal(seen('10:00:00.000'), first)
    assert.notEqual(seen('13:00:00.000'), first)
    assert.notEqual(seen('09:00:00.000', '10.0.0.2'), first)
    assert.notEqual(seen('09:00:00.000', '10.0.0.1', 'write'), first)
    assert.equal(seen('09:00:00.000', '10.0.0.3'), seen('09:00:00.000', '10.0.0.2'))
  })

  test('is that a term fails, and all of the context where that is taken whole', () => {
    const fails = readsOf({ '<': { left: { '+': { left: NOW, right: NOW } }, right: NOON } })
    assert.equal(fails.seen('09:00:00.000'), fails.seen('13:00:00.000'))
    for (const body of [
      { '==': { left: CONTEXT, right: { Record: {} } } },
      { novelty: { left: NOW, further: NOON } },
    ]) {
      const whole = readsOf(body)
      assert.notEqual(whole.seen('09:00:00.000'), whole.seen('09:00:00.001'))
    }
  })

  test('is nothing where it looks at nobody but its principal, also by what entities have', () => {
    const entity = { Value: { __entity: { type: 'Space', id: 's' } } }
    const { reads } = readsOf({ in: { left: { Var: 'principal' }, right: entity } })
    assert.equal(reads.isEmpty, true)
    // An entity that the time chooses is seen by the choice, and what it has is no matter of the context.
    const choice = [
      ['if', { '<': { left: NOW, right: NOON } }],
      ['then', entity],
      ['else', entity],
    ]
    const chosen = { 'if-then-else': Object.fromEntries(choice) }
    const { seen } = readsOf({ '.': { left: chosen, attr: 'open' } })
    assert.equal(seen('09:00:00.000'), seen('10:00:00.000'))
    assert.notEqual(seen('09:00:00.000'), seen('13:00:00.000'))
  })
})
