import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrongTypeNames } from '../tools/layout/type-names.ts'

test('a type of one word is named by a noun', () => {
  const declared = [
    'type Asked = string',
    'export interface Waiting {}',
    'export abstract class Overtaken extends Error {}',
    '  interface Behind<T> {}',
    'type Whose = string',
    'export type Unknown =\n  | 1',
  ]
  const names = ['Asked', 'Waiting', 'Overtaken', 'Behind', 'Whose', 'Unknown']
  assert.deepEqual(wrongTypeNames(declared.join('\n')), names)
})

test('nouns are no participles, whatever their end; other words may have any form', () => {
  const declared = [
    'type Seed = string',
    'type Finding = string',
    'interface String {}',
    'interface AskedCall {}',
    'interface Bound {}',
    "import { type Asked, type Issued as Token } from './asked.ts'",
    '// type Asked = string',
    'const asked = typeof Asked',
  ]
  assert.deepEqual(wrongTypeNames(declared.join('\n')), [])
})
