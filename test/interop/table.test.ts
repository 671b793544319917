import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { everyday } from './everyday.ts'
import { committed, otherwise, readPage, suitesIn, withRuns } from './table.ts'

const again = 'docs/clients.md: write it again by `npm run test:interop -- --write`'

test('docs/clients.md has the packages of others that npm test runs against, as they are installed', () => {
  for (const { files, name, version } of everyday()) {
    assert.match(version, /^\d/, name)
    for (const file of files) assert.ok(existsSync(new URL(`../../${file}`, import.meta.url)), file)
  }
  const page = readPage()
  assert.equal(withRuns(page, []), page, again)
})

test('docs/clients.md has what ran in test:interop, and for how long', () => {
  const rows = committed(readPage())
  for (const name of ['python-frameworks', 'node-frameworks', 'mcp-conformance', 'envoy'])
    assert.match(rows.get(name)?.ran ?? '', /\(\d+\)$/, again)
})

test('a run that is not what the page says is told, but for its time; others keep their rows', () => {
  const page = withRuns(readPage(), [])
  const of = (name: string, version: string, seconds = '7 s') => ({
    ...{ name, version, seconds },
    ran: suitesIn('{"name":"b","tests":2}\n{"name":"a","tests":1}\n'),
  })
  const written = withRuns(page, [of('one', '1.0'), of('two', '2.0')])
  assert.deepEqual(committed(written).get('two'), of('two', '2.0'))
  assert.equal(committed(written).get('two')?.ran, 'a (1); b (2)')
  assert.deepEqual(otherwise(written, [of('one', '1.0', '99 s')]), [])
  assert.match(
    String(otherwise(written, [of('one', '1.1')])),
    /has one with: 1\.0\n {2}now it is: 1\.1/,
  )
  assert.match(String(otherwise(written, [of('three', '3')])), /does not have three 3/)
  const later = withRuns(written, [of('two', '2.1')])
  assert.deepEqual(
    ['one', 'two'].map((name) => committed(later).get(name)?.version),
    ['1.0', '2.1'],
  )
  const end = (text: string) => text.slice(text.indexOf('End of what is written'))
  assert.equal(end(later), end(page), 'the rest of the page stays')
})
