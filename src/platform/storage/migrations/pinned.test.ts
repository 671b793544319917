import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { migrationDigests, numberOf } from './index.ts'

const PINNED: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('./pinned.json', import.meta.url), 'utf8'),
)

it('O2: no migration that stood on main is changed, removed or renumbered', () => {
  const digests = migrationDigests()
  for (const [name, digest] of Object.entries(PINNED))
    assert.equal(
      digests[name],
      digest,
      `${name} stood on main, and databases have it: leave it as it was, and add a migration after the last`,
    )
})

it('O2: each migration is pinned from the commit that brings it', () => {
  for (const [name, digest] of Object.entries(migrationDigests()))
    assert.ok(PINNED[name], `add this line to pinned.json: "${name}": "${digest}"`)
})

it('numbers of migrations rise by one', () => {
  const names = Object.keys(migrationDigests())
  assert.deepEqual(
    names.map(numberOf),
    names.map((_, at) => at + 1),
  )
})
