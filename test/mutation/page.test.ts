import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOMS } from './rooms.ts'
import { REASONS, readPage } from './scores.ts'

const root = join(import.meta.dirname, '..', '..')

test('the page says what was measured', () => {
  const { written, expected } = readPage()
  assert.equal(written, expected, 'run `node test/mutation/run.ts --page`')
})

test('guards and their suites exist', () => {
  for (const { guards, suites } of Object.values(ROOMS)) {
    for (const guard of guards) assert.ok(existsSync(join(root, guard)), guard)
    for (const suite of suites) assert.ok(globSync(suite, { cwd: root }).length > 0, suite)
  }
})

test('each reason why a mutant survives is about a line that exists', () => {
  for (const { file, text } of REASONS) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    assert.ok(
      lines.some((line) => line.trim() === text),
      `${file}: ${text}`,
    )
  }
})
