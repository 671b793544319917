import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Action } from '../../../catalog/catalog/index.ts'
import { planImport } from '../../../catalog/catalog/testing.ts'
import { planMcpImport } from '../../../catalog/catalog-changes/index.ts'
import { describeDesk } from '../../../programs/dev/desk/offer.ts'
import { DESK_REVIEW } from '../../../programs/dev/sample.ts'
import { splitPolicies } from '../../cedar/policy-text.ts'
import { formatText } from '../../cedar/texts/format.ts'
import { schemaFor } from '../schema.ts'
import { ORDERS_PLAN } from '../testing.ts'
import { validatePolicies } from '../validate.ts'
import { readCases } from './read-cases.ts'
import { runCases } from './run-cases.ts'

const HERE = new URL('../../../../policies/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, HERE), 'utf8')
const FILES = readdirSync(HERE).filter((name) => name.endsWith('.cedar'))
const TESTS = readdirSync(new URL('tests/', HERE)).map((name) => ({
  file: `tests/${name}`,
  text: read(`tests/${name}`),
}))

/** An action of every class, each to read and to write. */
const EVERY_CLASS = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Vault', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths: Object.fromEntries(
      ['low', 'medium', 'high', 'critical'].map((risk) => [
        `/${risk}`,
        {
          get: { 'x-remit-action': `read-${risk}`, 'x-remit-risk': risk, responses: {} },
          post: { 'x-remit-action': `write-${risk}`, 'x-remit-risk': risk, responses: {} },
        },
      ]),
    ),
  },
  { name: 'vault', identifier: 'http://127.0.0.1:7481/vault' },
).actions

/** Actions of the desk, as `remit dev` has them. */
const DESK: readonly Action[] = planMcpImport(describeDesk(), {
  name: 'desk',
  identifier: 'http://127.0.0.1:7481/desk',
  upstream: 'http://127.0.0.1:1/mcp',
}).actions.map((action) => ({ ...action, ...DESK_REVIEW[action.name], riskProposed: false }))

const SCHEMA = schemaFor([...ORDERS_PLAN.actions, ...DESK, ...EVERY_CLASS])

/** Puts texts together as `remit policy publish ./policies` does. */
function together(texts: readonly string[]) {
  const starts = texts.map((_, i) => texts.slice(0, i).join('').split('\n').length)
  return { text: texts.join(''), files: FILES.map((file, i) => ({ file, line: starts[i] ?? 1 })) }
}

test('the policies that ship are valid, each by itself and all together, and in the layout', () => {
  for (const text of [...FILES.map(read), FILES.map(read).join('')]) {
    assert.deepEqual(validatePolicies(text, SCHEMA), { mistakes: [], warnings: [] })
  }
  for (const file of FILES) assert.equal(read(file), formatText(read(file)), file)
})

test('every rule that ships has a sentence and a test that names it', () => {
  const named = new Set(
    TESTS.flatMap(({ file, text }) =>
      readCases(file, text).cases.flatMap(({ rules }) => rules),
    ).map(({ text }) => text),
  )
  for (const file of FILES) {
    for (const { text } of splitPolicies(read(file))) {
      const parsed = cedar.policyToJson(text)
      assert.ok(parsed.type === 'success')
      const { description, id = '' } = parsed.json.annotations ?? {}
      assert.match(description ?? '', /^.{20,}/, id ?? file)
      assert.ok(named.has(id ?? ''), `no test names ${id}`)
    }
  }
})

test('what their tests say of the policies that ship holds', () => {
  const report = runCases({ ...together(FILES.map(read)), schema: SCHEMA, tests: TESTS })
  assert.deepEqual(report.failed, [])
  assert.ok(report.cases >= 20 && report.calls > 200, `${report.cases} ${report.calls}`)
})
test('each rule that ships makes a difference that its tests see', () => {
  for (const file of FILES) {
    for (const left of splitPolicies(read(file))) {
      const texts = FILES.map((name) =>
        name === file ? read(name).replace(left.text, '') : read(name),
      )
      const { failed } = runCases({ ...together(texts), schema: SCHEMA, tests: TESTS })
      assert.ok(failed.length > 0, left.text)
    }
  }
})
