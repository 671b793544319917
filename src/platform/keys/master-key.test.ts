import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { base64url } from '../lib/bytes.ts'
import { systemRandom } from '../lib/random.ts'
import { Secret } from '../lib/secret.ts'
import { openMasterKey } from './master-key.ts'

const root = mkdtempSync(join(tmpdir(), 'remit-keys-'))
after(() => rmSync(root, { recursive: true }))

const newDirectory = () => mkdtempSync(join(root, 'd-'))
const open = (directory: string) => openMasterKey({ directory, random: systemRandom })

test('the first start makes a key that only its owner can read, and the next start reads it', async () => {
  const directory = join(newDirectory(), 'data')
  const sealed = (await open(directory)).seal('secret', 'place')
  const path = join(directory, 'master.key')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o077, 0)
  assert.match(readFileSync(path, 'utf8'), /^[A-Za-z0-9_-]{43}\n$/)
  assert.deepEqual(readdirSync(directory), ['master.key'], 'no draft is left behind')
  assert.equal(String(Buffer.from((await open(directory)).open(sealed, 'place'))), 'secret')
})

test('a missing file beside a database that was sealed with one is refused, and none is made', async () => {
  const directory = newDirectory()
  const needed = { directory, random: systemRandom, isNeeded: async () => true }
  await assert.rejects(openMasterKey(needed), { code: 'keys.master_key_missing' })
  assert.deepEqual(readdirSync(directory), [])
  await open(directory)
  await openMasterKey(needed)
})

test('processes that start at once all use the same key', async () => {
  const directory = newDirectory()
  const keys = await Promise.all(Array.from({ length: 8 }, () => open(directory)))
  const sealed = keys[0]?.seal('secret', 'place') ?? new Uint8Array()
  for (const key of keys) assert.equal(String(Buffer.from(key.open(sealed, 'place'))), 'secret')
  assert.deepEqual(readdirSync(directory), ['master.key'])
})

for (const mode of [0o640, 0o604, 0o660, 0o666, 0o610]) {
  test(`a key file with mode ${mode.toString(8)} is refused`, async () => {
    const directory = newDirectory()
    await open(directory)
    chmodSync(join(directory, 'master.key'), mode)
    await assert.rejects(open(directory), { code: 'keys.master_key_exposed' })
  })
}

for (const text of [
  '',
  'short',
  'A'.repeat(42),
  'A'.repeat(44),
  `${'A'.repeat(42)}=`,
  'A'.repeat(42).concat('B'),
]) {
  test(`\`${text.slice(-6)}\` (${text.length}) is not a master key, in a file or given`, async () => {
    const directory = newDirectory()
    writeFileSync(join(directory, 'master.key'), text, { mode: 0o600 })
    await assert.rejects(open(directory), { code: 'keys.master_key_malformed' })
    if (text === '') return
    const value = new Secret(text)
    await assert.rejects(openMasterKey({ directory, value, random: systemRandom }), {
      code: 'keys.master_key_malformed',
    })
  })
}

test('a given key leaves no file behind', async () => {
  const directory = newDirectory()
  const value = new Secret(base64url(systemRandom.bytes(32)))
  const key = await openMasterKey({ directory, value, random: systemRandom })
  assert.equal(String(Buffer.from(key.open(key.seal('x', 'p'), 'p'))), 'x')
  assert.deepEqual(readdirSync(directory), [])
})

test('what was sealed opens to the same bytes', async () => {
  const key = await open(newDirectory())
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (plain, place) => {
      assert.deepEqual(new Uint8Array(key.open(key.seal(plain, place), place)), plain)
    }),
  )
})

test('the same value sealed twice looks different, and does not contain the value', async () => {
  const key = await open(newDirectory())
  const [a, b] = [key.seal('a secret value', 'p'), key.seal('a secret value', 'p')]
  assert.notDeepEqual(a, b)
  assert.equal(Buffer.from(a).includes('secret'), false)
})

test('a sealed value that is moved to another row does not open there', async () => {
  const key = await open(newDirectory())
  const ours = key.seal('the key of orders', 'connections/orders')
  const theirs = key.seal('the key of payroll', 'connections/payroll')
  assert.throws(() => key.open(theirs, 'connections/orders'), { code: 'keys.cannot_open' })
  assert.throws(() => key.open(ours, 'connections/payroll'), { code: 'keys.cannot_open' })
})

test('no flipped, cut or added byte opens', async () => {
  const key = await open(newDirectory())
  const sealed = key.seal('secret', 'p')
  for (let at = 0; at < sealed.byteLength; at++) {
    const flipped = Buffer.from(sealed)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    assert.throws(() => key.open(flipped, 'p'), { code: 'keys.cannot_open' })
    assert.throws(() => key.open(sealed.subarray(0, at), 'p'), { code: 'keys.cannot_open' })
  }
  assert.throws(() => key.open(Buffer.concat([sealed, Buffer.of(0)]), 'p'), {
    code: 'keys.cannot_open',
  })
})

test('another master key does not open it, and the problem does not tell the value', async () => {
  const sealed = (await open(newDirectory())).seal('secret', 'p')
  const other = await open(newDirectory())
  assert.throws(() => other.open(sealed, 'p'), { code: 'keys.cannot_open' })
})

test('keys for other purposes differ from each other and stay the same over restarts', async () => {
  const directory = newDirectory()
  const [first, second] = [await open(directory), await open(directory)]
  assert.deepEqual(first.derive('cookies'), second.derive('cookies'))
  assert.notDeepEqual(first.derive('cookies'), first.derive('nonces'))
  assert.equal(first.derive('cookies').byteLength, 32)
})
