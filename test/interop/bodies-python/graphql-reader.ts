import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ORDERS_OPTIONS } from '../../../src/catalog/catalog/testing.ts'
import { fieldCall, operationIn } from '../../../src/extensions/graphql/field-calls.ts'
import {
  type GraphqlOperation,
  NAMED,
  SELECTED,
} from '../../../src/extensions/graphql/operation.ts'
import { planGraphqlImportInWorker } from '../../../src/extensions/graphql/plan-graphql-import-in-worker.ts'
import { readRequest } from '../../../src/extensions/graphql/request.ts'
import { canonicalJson } from '../../../src/platform/lib/canonical-json.ts'
import { parseJson } from '../../../src/platform/lib/json.ts'
import { Problem } from '../../../src/platform/lib/problem.ts'
import { ODD_SCHEMA, oddOperations } from '../../attacks/odd-operations.ts'
import { linesAnswered } from '../program.ts'

const OPERATIONS = 5_000

/** A root field that a program executed, with the fields below it. */
interface RootField {
  readonly name: string
  readonly given: Readonly<Record<string, unknown>>
  readonly fields: readonly string[]
}

/**
 * Lets a real program execute what the gateway sends for operations that agents may send. Of each that Remit takes, it executes the root
 * fields that were decided on, with exactly their arguments, and no other fields below them.
 */
export async function checkOperations(program: string, args: readonly string[]): Promise<void> {
  const options = { ...ORDERS_OPTIONS, upstream: 'http://api/graphql' }
  const { actions: known } = await planGraphqlImportInWorker(ODD_SCHEMA, options)
  const sent = fc.sample(oddOperations, { numRuns: OPERATIONS, seed: 14 })
  const taken = sent.flatMap((text) => {
    try {
      const operation = operationIn(known, readRequest(parseJson(text)))
      for (const field of operation.fields) fieldCall(field, known)
      return [{ text, operation }]
    } catch (error) {
      assert.ok(error instanceof Problem, String(error))
      return []
    }
  })
  const lines = taken.map(({ operation }) => canonicalJson(operation.body))
  const answers = linesAnswered(program, [...args, ODD_SCHEMA], lines)
  for (const [i, { operation, text }] of taken.entries()) {
    const answer: readonly RootField[] | 'refused' = asRead(answers[i] ?? '')
    assert.ok(answer !== 'refused', `taken, and refused by the API: ${text}`)
    const decided = decidedIn(operation)
    assert.deepEqual(
      answer.map(({ given, name }) => ({ name, given })),
      decided.map(({ given, name }) => ({ name, given })),
      text,
    )
    for (const [at, { fields }] of answer.entries()) {
      const selected = decided[at]?.fields ?? []
      const left = selected.filter((path) => !fields.includes(path) && !path.endsWith('__typename'))
      assert.deepEqual(
        fields.filter((path) => !selected.includes(path)),
        [],
        text,
      )
      assert.ok(left.length === 0 || text.includes('@skip'), text)
    }
  }
  assert.ok(taken.length > OPERATIONS / 20, `${taken.length} operations were taken`)
}

function decidedIn({ fields }: GraphqlOperation): readonly RootField[] {
  return fields.map(({ given, name }) => {
    const { [NAMED]: _, [SELECTED]: selected, ...rest } = asRead(canonicalJson(given))
    return { name, given: rest, fields: selected }
  })
}

/** JSON with one zero: as a number, `-0` is the same to policies and APIs. */
function asRead(text: string) {
  return JSON.parse(text, (_, value) => (value === 0 ? 0 : value))
}
