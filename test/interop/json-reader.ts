import assert from 'node:assert/strict'
import fc from 'fast-check'
import { typeArguments } from '../../src/catalog/argument-types/index.ts'
import { jsonBody, onlyAction, planOperation } from '../../src/catalog/catalog/testing.ts'
import { type Json, parseJson } from '../../src/platform/lib/json.ts'
import { JSON_READERS, OPEN_ORDER, orderBodies, type ReadOrder } from '../attacks/json-readers.ts'
import { linesAnswered } from './program.ts'

const BODIES = 5_000

/**
 * Lets a real program read what agents may send to an open object. Of every body that Remit takes, the program reads what Remit reads; of
 * every body that is strict JSON, it reads what its model in `test/attacks/json-readers.ts` reads.
 */
export function checkReader(model: string, program: string, args: readonly string[]): void {
  const reader = JSON_READERS[model]
  const exact = JSON_READERS.jackson
  assert.ok(reader && exact)
  const bodies = fc.sample(orderBodies, { numRuns: BODIES, seed: 12 }).filter(isStrict)
  const answers = linesAnswered(program, args, bodies)
  let taken = 0
  let mistaken = 0
  for (const [i, body] of bodies.entries()) {
    const json = parseJson(body)
    const answer = exact(parseJson(answers[i] ?? ''))
    assert.deepEqual(answer, reader(json), `the model and the program differ: ${body}`)
    if (isTaken(json)) {
      taken++
      assert.deepEqual(answer, exact(json), `decided and read differ: ${body}`)
    } else if (!isSame(answer, exact(json))) mistaken++
  }
  assert.ok(taken > BODIES / 50, `${taken} bodies were taken`)
  assert.ok(model === 'jackson' || mistaken > BODIES / 50, `${mistaken} would have been mistaken`)
}

const action = onlyAction(planOperation(jsonBody(OPEN_ORDER)))

function isTaken(body: Json): boolean {
  return typeArguments(action, { path: new Map([['id', 'x']]), query: [], body }).ok
}

function isStrict(text: string): boolean {
  try {
    parseJson(text)
    return true
  } catch {
    return false
  }
}

function isSame(a: ReadOrder, b: ReadOrder): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
