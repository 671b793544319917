import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Files, makeExport, memorySource, ORIGIN, plainRecords, signNote } from './testing.ts'
import { verifyLedger } from './verify.ts'

const MANIFEST = '0/segment/000000000000000-000000000000512'
const BUNDLE = '0/tile/entries/001.gz'

/** An export of 600 records without the first 512, and the archive that has them. */
function apart(records = plainRecords(600)): { readonly exported: Files; readonly archive: Files } {
  const exported = makeExport(records)
  const archive: Files = new Map()
  for (const name of ['000', '001']) {
    const entries = exported.get(`tile/entries/${name}`) ?? new Uint8Array()
    exported.delete(`tile/entries/${name}`)
    archive.set(`0/tile/entries/${name}.gz`, gzipSync(entries))
    archive.set(`0/tile/0/${name}`, exported.get(`tile/0/${name}`) ?? new Uint8Array())
  }
  seal(archive)
  exported.set('segments', Buffer.from('0 512 0\n'))
  return { exported, archive }
}

/** Signs the manifest of what is there. */
function seal(archive: Files, { key, text }: { key?: KeyObject; text?: string } = {}): void {
  archive.delete(MANIFEST)
  const lines = [...archive].map(([path, bytes]) => {
    const digest = createHash('sha256').update(bytes).digest('hex')
    return `${path} ${bytes.length} ${digest}\n`
  })
  const head = text ?? `${ORIGIN}/archive\n0 512 0\nroot\n`
  archive.set(MANIFEST, Buffer.from(signNote(`${head}${lines.join('')}`, key)))
}

async function verdictOf(exported: Files, archive?: Files) {
  const source = archive && memorySource(archive)
  const report = await verifyLedger(memorySource(exported), source ? { archive: source } : {})
  return [report.verdict, report.index, report.message, report.archived] as const
}

async function assertRefused(
  change: (archive: Files, exported: Files) => void,
  expected: readonly [string, number | null, RegExp],
): Promise<void> {
  const { archive, exported } = apart()
  change(archive, exported)
  const [verdict, index, message] = await verdictOf(exported, archive)
  assert.deepEqual([verdict, index], expected.slice(0, 2), message)
  assert.match(message, expected[2])
}

test('an export without its archive, and the archive, are a whole ledger', async () => {
  const { archive, exported } = apart()
  const whole = 'every record is as it was signed'
  assert.deepEqual(await verdictOf(exported, archive), ['ok', null, whole, 512])
  const [verdict, index, message] = await verdictOf(exported)
  assert.deepEqual([verdict, index], ['gap', 0])
  assert.match(message, /^records 0 to 511 are in the archive: name it with --archive$/)
  const all = makeExport(plainRecords(600))
  assert.deepEqual(await verdictOf(all, archive), ['ok', null, whole, 0])
})

test('a bundle that was changed, exchanged or lost', async () => {
  const changed = /^0\/tile\/entries\/001\.gz in the archive is not the file that was signed for$/
  await assertRefused(
    (archive) => archive.set(BUNDLE, archive.get('0/tile/entries/000.gz') ?? Buffer.of()),
    ['modified', 256, changed],
  )
  const repacked = (archive: Files) =>
    gzipSync(gunzipSync(archive.get(BUNDLE) ?? Buffer.of()), { level: 1 })
  await assertRefused(
    (archive) => archive.set(BUNDLE, repacked(archive)),
    ['modified', 256, changed],
  )
  await assertRefused((archive) => archive.delete(BUNDLE), ['gap', 256, /001\.gz is missing/])
})

test('a bundle that was changed by whoever has the key is not what the tree has', async () => {
  await assertRefused(
    (archive) => {
      const entries = Buffer.from(gunzipSync(archive.get(BUNDLE) ?? Buffer.of()))
      entries[40] = (entries[40] ?? 0) ^ 1
      archive.set(BUNDLE, gzipSync(entries))
      seal(archive)
    },
    ['modified', 256, /not the one that was signed for/],
  )
})

test('what unpacks without end is not unpacked', async () => {
  await assertRefused(
    (archive) => {
      archive.set(BUNDLE, gzipSync(Buffer.alloc(64 * 1_048_576)))
      seal(archive)
    },
    ['modified', 256, /cannot be unpacked/],
  )
})

test('a segment that is missing, of another key, another ledger, or another history', async () => {
  await assertRefused((archive) => archive.delete(MANIFEST), ['gap', 0, /records 0 to 511$/])
  const key = generateKeyPairSync('ed25519').privateKey
  await assertRefused(
    (archive) => seal(archive, { key }),
    ['invalid signature', 0, /is not signed by remit\.example\/ledger$/],
  )
  for (const text of [`${ORIGIN}\n0 512 0\nroot\n`, 'remit.other/ledger/archive\n0 512 0\nroot\n'])
    await assertRefused(
      (archive) => seal(archive, { text }),
      ['modified', 0, /is no segment of this ledger$/],
    )
  await assertRefused(
    (archive) => seal(archive, { text: `${ORIGIN}/archive\n0 512 1\nroot\n` }),
    ['modified', 0, /of other records, or of another history$/],
  )
  const others = apart(plainRecords(601).slice(1)).archive
  await assertRefused(
    (archive) => {
      for (const [path, bytes] of others) archive.set(path, bytes)
    },
    ['modified', 0, /signed for other records than these: it is of another history$/],
  )
})

test('a list of segments that is none', async () => {
  for (const text of ['0 512\n', '0 100 0\n', '512 0 0\n', '0 512 0\n256 512 0\n', 'x\n'])
    await assertRefused(
      (_, exported) => exported.set('segments', Buffer.from(text)),
      ['modified', null, /^segments is no list of segments$/],
    )
})
