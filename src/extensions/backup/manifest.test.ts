import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MANIFEST, type Manifest, readManifest, writeManifest } from './manifest.ts'
import { folder } from './testing.ts'

/** A master key with earlier ones, as far as manifests need it; the newest comes first. */
function masterOf(...ids: readonly string[]) {
  const deriveEach = (purpose: string) =>
    ids.map((id) => createHmac('sha256', id).update(purpose).digest())
  return { ids, deriveEach }
}

const MASTER = masterOf('key-2', 'key-1')
const MAX_BYTES = 1_048_576
const DAMAGED = { code: 'backup.damaged' }

function manifestOf(over: Partial<Manifest> = {}): Manifest {
  return {
    ...{ format: 1, kind: 'backup', id: 'bkp_1', issuer: 'https://remit.example' },
    ...{ taken_at: '2026-12-01T00:00:00.000Z', engine: 'sqlite', remit: '1', schema: ['0001'] },
    ...{ master_key: 'key-2', ledger: { size: 3, checkpoint: null }, tables: [] },
    ...over,
  } as Manifest // as: its id is of the right form for the reader, which looks at none
}

/** Writes a manifest into a folder of its own; `change` is done to the text. */
async function written(
  t: TestContext,
  { change = (text: string) => text, manifest = manifestOf(), by = MASTER } = {},
) {
  const directory = await folder(t)
  await writeFile(join(directory, MANIFEST), change(writeManifest(manifest, by)))
  return directory
}

test('a manifest is read as it was written, by a server that has the key or a later one', async (t) => {
  const directory = await written(t)
  const { seal, ...read } = { seal: '', ...(await readManifest(directory, MANIFEST, MASTER)) }
  assert.deepEqual(read, manifestOf())
  assert.equal(seal, '')
  const text = await readFile(join(directory, MANIFEST), 'utf8')
  assert.match(JSON.parse(text).seal, /^[\w-]{43}$/)
  const earlier = await written(t, {
    by: masterOf('key-1'),
    manifest: manifestOf({ master_key: 'key-1' }),
  })
  assert.ok(await readManifest(earlier, MANIFEST, MASTER))
})

test('a folder without a manifest has none', async (t) => {
  assert.equal(await readManifest(await folder(t), MANIFEST, MASTER), undefined)
})

test('what is no file, or larger than a manifest can be, is not read', async (t) => {
  const directory = await folder(t)
  await mkdir(join(directory, MANIFEST))
  await assert.rejects(readManifest(directory, MANIFEST, MASTER), {
    ...DAMAGED,
    detail: `${join(directory, MANIFEST)} is not a manifest`,
  })
  const padded = (bytes: number) => written(t, { change: (text) => text.padEnd(bytes) })
  assert.ok(await readManifest(await padded(MAX_BYTES), MANIFEST, MASTER))
  const larger = await padded(MAX_BYTES + 1)
  await assert.rejects(readManifest(larger, MANIFEST, MASTER), {
    ...DAMAGED,
    detail: `${join(larger, MANIFEST)} is not a manifest`,
  })
})

test('a text that is no JSON object is damaged', async (t) => {
  for (const [text, words] of [
    ['', 'is not JSON'],
    ['{', 'is not JSON'],
    ['{"a":1,"a":1}', 'is not JSON'],
    ['[]', 'is not a manifest'],
    ['null', 'is not a manifest'],
  ] as const) {
    const directory = await written(t, { change: () => text })
    const detail = `${join(directory, MANIFEST)} ${words}`
    await assert.rejects(readManifest(directory, MANIFEST, MASTER), { ...DAMAGED, detail }, text)
  }
})

test('another format, and another master key, are told before the seal is looked at', async (t) => {
  const other = await written(t, { change: (text) => text.replace('"format": 1', '"format": 2') })
  await assert.rejects(readManifest(other, MANIFEST, MASTER), { code: 'backup.other_schema' })
  const long = 'x'.repeat(20)
  const manifest = manifestOf({ master_key: long })
  const foreign = await written(t, { manifest, by: masterOf(long) })
  await assert.rejects(readManifest(foreign, MANIFEST, MASTER), {
    code: 'backup.other_master_key',
    detail: `it was sealed with the master key ${'x'.repeat(16)}, and here is key-2, key-1`,
  })
})

test('a manifest of which anything was changed has no seal', async (t) => {
  for (const change of [
    (text: string) => text.replace('"size": 3', '"size": 2'),
    (text: string) => text.replace('"kind": "backup"', '"kind": "move"'),
    (text: string) => text.replace('"tables": []', '"tables": [], "more": 1'),
    (text: string) => text.replace(/"seal": "[^"]*"/, '"seal": ""'),
    (text: string) => text.replace(/,\s*"seal": "[^"]*"/, ''),
  ]) {
    const directory = await written(t, { change })
    await assert.rejects(readManifest(directory, MANIFEST, MASTER), {
      ...DAMAGED,
      detail: `${join(directory, MANIFEST)} does not have the seal of this master key: it was changed`,
    })
  }
  const spaced = await written(t, { change: (text) => JSON.stringify(JSON.parse(text)) })
  assert.ok(await readManifest(spaced, MANIFEST, MASTER))
})
