import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'

const MODULE = pathToFileURL(join(import.meta.dirname, '..', 'tools', 'test-group.ts')).href

/** Runs test files with these bodies as one group; answers how it ended and what it said. */
function runGroup(t: TestContext, bodies: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'remit-group-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const names = bodies.map((body, i) => {
    writeFileSync(join(folder, `${i}.test.mjs`), `import { it } from 'node:test'\n${body}\n`)
    return `${i}.test.mjs`
  })
  const group = join(folder, 'group.mjs')
  const given = [folder, names].map((each) => JSON.stringify(each)).join(', ')
  writeFileSync(group, `import { declareFiles } from '${MODULE}'\ndeclareFiles(${given})\n`)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return spawnSync(process.execPath, [group], { env, encoding: 'utf8' })
}

const GOOD = `it('is good', () => {})`

test('a group of good files is good', (t) => {
  const { status, stdout } = runGroup(t, [GOOD, GOOD])
  assert.equal(status, 0, stdout)
  assert.match(stdout, /pass 2\b/)
})

for (const [name, body] of [
  ['a rejection', `it('ends', () => { Promise.reject(new Error('left alone')) })`],
  [
    'an error of a timer',
    `it('ends', () => new Promise((r) => setTimeout(() => { r(); throw new Error('left alone') })))`,
  ],
] as const)
  test(`${name} that nobody catches fails the file that leaves it, and no other`, (t) => {
    const { status, stderr, stdout } = runGroup(t, [GOOD, body, GOOD])
    assert.notEqual(status, 0)
    assert.match(stderr, /while 1\.test\.mjs ran, nobody caught: Error: left alone/)
    assert.match(stdout, /✖ 1\.test\.mjs/)
    assert.match(stdout, /✔ 0\.test\.mjs[\s\S]*✔ 2\.test\.mjs/)
  })

test('a file that leaves another environment behind fails, and no other', (t) => {
  const { status, stdout } = runGroup(t, [`it('ends', () => { process.env.LEFT = '1' })`, GOOD])
  assert.notEqual(status, 0)
  assert.match(stdout, /✖ 0\.test\.mjs[\s\S]*✔ 1\.test\.mjs/)
})
