import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { refusing, scriptedStore } from './store/testing.ts'
import { makeExport, ORIGIN, plainRecords, signNote } from './testing.ts'

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
    [good, '--archive', join(home, 'nothing')],
    [good, '--archive', 'ftp://host/path'],
    [good, '--archive', 's3://bucket', '--endpoint', 'minio'],
    [good, '--endpoint', 'https://minio.internal'],
    [good, '--archive', good, '--addressing', 'path'],
  ]) {
    const { status, stderr, stdout } = run(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, /usage: remit-verify/)
    assert.equal(stdout, '')
  }
  assert.equal(run('--help').status, 0)
})

test('records that an export leaves to an archive are read from a store, and from a web server', async (t) => {
  const left = directory('left', 300)
  const store = await scriptedStore(t)
  const place = '/records/remit'
  const files = makeExport(plainRecords(300))
  const archived = new Map([
    ['0/tile/entries/000.gz', gzipSync(files.get('tile/entries/000') ?? '')],
    ['0/tile/0/000', files.get('tile/0/000') ?? Buffer.of()],
  ])
  const lines = [...archived].map(([path, bytes]) => {
    const digest = createHash('sha256').update(bytes).digest('hex')
    return `${path} ${bytes.length} ${digest}\n`
  })
  const manifest = signNote(`${ORIGIN}/archive\n0 256 0\nroot\n${lines.join('')}`)
  archived.set('0/segment/000000000000000-000000000000256', Buffer.from(manifest))
  for (const [path, bytes] of archived) store.files.set(`${place}/${path}`, bytes)
  rmSync(join(left, 'tile', 'entries', '000'))
  writeFileSync(join(left, 'segments'), '0 256 0\n')
  const key = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'a-secret-canary-8Kx' }
  const inStore = ['--archive', 's3://records/remit', '--endpoint', store.origin]
  const onWeb = ['--archive', `${store.origin}${place}`]
  for (const args of [inStore, onWeb]) {
    const { said, status } = await runBeside(key, left, ...args)
    assert.equal(status, 0, said)
    assert.match(said, /^ok\n[\s\S]*archive {6}256 records/)
  }
  const signed = store.headers.map(({ authorization }) => authorization !== undefined)
  assert.deepEqual(signed, [true, true, false, false])

  store.faults.push(refusing(403, 'AccessDenied'))
  const refused = await runBeside(key, left, ...inStore)
  assert.equal(refused.status, 2)
  assert.match(refused.said, /^remit-verify: s3:\/\/records\/remit at .*access is refused.*\n$/)
  assert.doesNotMatch(refused.said, /canary/)
  store.files.delete(`${place}/0/tile/entries/000.gz`)
  for (const args of [inStore, onWeb]) {
    const { said, status } = await runBeside(key, left, ...args)
    assert.equal(status, 1)
    assert.match(said, /^gap at index 0\n0\/tile\/entries\/000\.gz is missing in the archive\n/)
  }
})

/** Runs it while this process answers. */
async function runBeside(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: '', ...env } })
  const [out, error, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { status, said: `${out}${error}` }
}
