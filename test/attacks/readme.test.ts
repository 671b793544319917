import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')

test('every test that the table of attacks names is there', async () => {
  const table = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const named = [...table.matchAll(/`([\w/-]+\.test\.ts)` “([^”]+)”/g)]
  assert.ok(named.length > 70, `${named.length}`)
  const gone: string[] = []
  for (const [, file = '', title = ''] of named) {
    const text = await readFile(join(root, file), 'utf8').catch(() => '')
    if (!text.includes(title)) gone.push(`${file}: ${title}`)
  }
  assert.deepEqual(gone, [])
})

test('every row that an advisory points to is one of the table', async () => {
  const table = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const advisories = table.slice(table.indexOf('## What happened to others'))
  const rows = [...advisories.matchAll(/^\| .* \| ([OTDXM]\d.*) \|$/gm)].map(([, row]) => row)
  assert.ok(rows.length > 15)
  for (const row of rows) assert.ok(table.includes(`\n| ${row} | `), row)
})
