import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { storageBuild } from '../platform/storage/index.ts'
import { migrationDigests } from '../platform/storage/migrations/index.ts'
import { SETTINGS } from './config/settings.ts'
import { MODULE_COMMANDS } from './module-commands.ts'
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

/** Digests in the `pinned.json` of all folders: of migrations that stood on main. */
function pinned(): Readonly<Record<string, string>> {
  const extensions = join(import.meta.dirname, '..', 'extensions')
  const files = readdirSync(extensions)
    .map((folder) => join(extensions, folder, 'pinned.json'))
    .filter((file) => existsSync(file))
  return Object.assign({}, ...files.map((file) => JSON.parse(readFileSync(file, 'utf8'))))
}

test('O2: migrations of modules are pinned in their folders, and never change', () => {
  const all = Object.assign({}, ...MODULES.map(({ migrations }) => migrations))
  assert.deepEqual(migrationDigests(all), pinned(), 'pinned.json has the digest of each')
})

test('commands of all modules are listed, and each operation of a module that has one is in it', async () => {
  assert.deepEqual(
    MODULE_COMMANDS,
    MODULES.flatMap(({ commands = [] }) => commands),
  )
  for (const { commands = [], name, operations } of MODULES) {
    const loading = commands.map((each) => ('nouns' in each ? each.nouns() : []))
    const nouns = (await Promise.all(loading)).flat()
    const described = nouns.flatMap((noun) =>
      Object.values(noun.operations).map(({ route }) => route),
    )
    const done = (await operations?.()) ?? []
    assert.deepEqual(
      done.map(({ method, path }) => `${method} ${path}`).toSorted(),
      described.toSorted(),
      name,
    )
  }
})
