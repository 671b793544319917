import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { makeExport, plainRecords } from './testing.ts'

const home = mkdtempSync(join(tmpdir(), 'remit-verify-'))
after(() => rmSync(home, { recursive: true }))

function directory(name: string, size: number): string {
  for (const [path, bytes] of makeExport(plainRecords(size))) {
    const file = join(home, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  return join(home, name)
}

function run(...args: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

test('0 and the counts for a good export, with key and remembered checkpoint from files', () => {
  const earlier = directory('earlier', 200)
  const later = directory('later', 300)
  const plain = run(later)
  assert.equal(plain.status, 0)
  assert.match(plain.stdout, /^ok\n/)
  assert.match(plain.stdout, /not whose ledger it is/)
  const args = [
    later,
    '--vkey',
    join(later, 'vkey'),
    '--since',
    join(earlier, 'checkpoint'),
    '--json',
  ]
  const checked = run(...args)
  assert.equal(checked.status, 0, checked.stderr)
  const report = JSON.parse(checked.stdout)
  assert.deepEqual(
    [report.verdict, report.index, report.size, report.key, report.since],
    ['ok', null, 300, 'given', 200],
  )
})

test('1, the verdict and the index for a bad one', () => {
  const bad = directory('bad', 300)
  rmSync(join(bad, 'tile', 'entries', '001.p'), { recursive: true })
  const { status, stdout } = run(bad)
  assert.equal(status, 1)
  assert.match(stdout, /^truncated at index 256\n/)
})

test('2 and the usage for everything that is not a question', () => {
  const good = directory('good', 1)
  for (const args of [
    [],
    [join(home, 'nothing')],
    [good, good],
    [good, '--what'],
    [good, '--vkey', 'nothing'],
    [good, '--since', join(home, 'nothing')],
    [join(good, 'checkpoint')],
  ]) {
    const { status, stderr, stdout } = run(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, /usage: remit-verify/)
    assert.equal(stdout, '')
  }
  assert.equal(run('--help').status, 0)
})
