import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { API_PROBLEMS } from '../../sdk/src/api/answer.ts'
import { PROBLEMS } from '../../src/platform/lib/problem.ts'

const SDK = join(import.meta.dirname, '..', '..', 'sdk')
const CATALOGUE = new Map<string, { readonly status: number; readonly title: string }>(
  Object.entries(PROBLEMS),
)

it('what Remit has a code for is called the same by the SDK', () => {
  const shared = Object.entries(API_PROBLEMS).filter(([code]) => CATALOGUE.has(code))
  assert.ok(shared.length >= 8)
  for (const [code, [status, title]] of shared)
    assert.deepEqual(CATALOGUE.get(code), { status, title }, code)
})

it('every other code of the SDK is in its README, with its status', async () => {
  const readme = await readFile(join(SDK, 'README.md'), 'utf8')
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'))
  const codes = new Map<string, number | undefined>(
    Object.entries(API_PROBLEMS).map(([code, [status]]) => [code, status]),
  )
  for (const file of await readdir(join(SDK, 'src'), { recursive: true })) {
    if (!file.endsWith('.ts') || /test(?:ing)?\.ts$/.test(file)) continue
    const text = await readFile(join(SDK, 'src', file), 'utf8')
    const thrown = /(?:code: |CallFailed\(\s*|super\()'([a-z_]+\.[a-z_]+)'/g
    for (const [, code = ''] of text.matchAll(thrown)) codes.set(code, undefined)
  }
  assert.ok(codes.size > 20)
  for (const [code, status] of codes) {
    if (CATALOGUE.has(code)) continue
    const row = rows.find((line) => line.includes(`\`${code}\``))
    assert.ok(row, `${code} is not in the README`)
    if (status !== undefined) assert.ok(row.includes(`| ${status} |`), row)
  }
})
