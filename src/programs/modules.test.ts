import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storageBuild } from '../platform/storage/index.ts'
import { SETTINGS } from './config/settings.ts'
import { buildFor, MODULES } from './modules.ts'

test('no two modules, and none and the centre, bring a table or a setting of one name', () => {
  const tables = [storageBuild('sqlite'), ...MODULES].flatMap((each) =>
    Object.keys(each.tables ?? {}),
  )
  assert.deepEqual(tables, [...new Set(tables)])
  const settings = MODULES.flatMap((each) => Object.keys(each.settings))
  assert.deepEqual(settings, [...new Set(settings)])
  const variables = Object.values(SETTINGS).map(({ environment }) => environment)
  assert.deepEqual(variables, [...new Set(variables)])
})

test('migrations of all modules and of the centre are numbered in one row', () => {
  const names = Object.keys(buildFor('sqlite').migrations).toSorted()
  assert.deepEqual(
    names.map((name) => Number.parseInt(name, 10)),
    names.map((_, at) => at + 1),
  )
})
