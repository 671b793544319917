import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { packBundle, tilePath } from '../../platform/ledger/index.ts'
import { sha256 } from '../../platform/lib/bytes.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { FolderStore } from './places/folder-store.ts'
import { readSegment, type SealedSource, sealSegment, verifySegment } from './seal.ts'
import { type ArchiveStore, manifestPath, manifestText, sealedFile } from './segment.ts'

const SPAN = { first: 0, last: 2, history: 0 }
const PLACE = { from: 0, to: 512, history: 0 }
const BOGUS = Buffer.from('bogus')

function sourceOf(word = 'record'): SealedSource {
  const records = (index: number) =>
    Array.from({ length: 256 }, (_, i) => Buffer.from(`${word} ${index * 256 + i}`))
  return {
    origin: 'remit.example/ledger',
    bundle: async (index) => records(index),
    packed: async () => undefined,
    tile: async (index) =>
      Buffer.concat(records(index).map((each) => sha256(Buffer.concat([Uint8Array.of(0), each])))),
    rootAt: async (size) => sha256(String(size)),
    signNote: async (text) => `${text}\n— signed\n`,
    isSigned: (note) => note.endsWith('\n\n— signed\n'),
  }
}

async function folder(t: { after(work: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'remit-archive-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

test('a segment is written, read back, and the same when it is written again', async (t) => {
  const store = new FolderStore(await folder(t), systemRandom)
  const sealed = await sealSegment(sourceOf(), store, SPAN)
  assert.deepEqual([sealed.from, sealed.to, sealed.files.length], [0, 512, 4])
  assert.deepEqual(await sealSegment(sourceOf(), store, SPAN), sealed)
  assert.deepEqual(await verifySegment(sourceOf(), store, PLACE), sealed)
})

test('a bundle that was packed differently before is taken as it is', async (t) => {
  const path = await folder(t)
  const store = new FolderStore(path, systemRandom)
  await sealSegment(sourceOf(), store, SPAN)
  const file = join(path, '0', 'tile', 'entries', '000.gz')
  await writeFile(file, gzipSync(gunzipSync(await readFile(file)), { level: 1 }))
  await rm(join(path, manifestPath(PLACE)))
  await sealSegment(sourceOf(), store, SPAN)
  await verifySegment(sourceOf(), store, PLACE)
})

test('stopped at any write, it is no segment, and repeating it makes the whole one', async (t) => {
  for (let writes = 0; writes < 5; writes++) {
    const store = new FolderStore(await folder(t), systemRandom)
    let left = writes
    const stopping: ArchiveStore = {
      where: store.where,
      get: (path) => store.get(path),
      put: async (path, bytes) => {
        if (left-- === 0) throw new Error('stopped')
        await store.put(path, bytes)
      },
    }
    await assert.rejects(sealSegment(sourceOf(), stopping, SPAN), /stopped/)
    await assert.rejects(verifySegment(sourceOf(), store, PLACE), { code: 'archive.damaged' })
    await sealSegment(sourceOf(), store, SPAN)
    await verifySegment(sourceOf(), store, PLACE)
  }
})

test('what was changed or is missing is found, whichever file it is', async (t) => {
  const path = await folder(t)
  const store = new FolderStore(path, systemRandom)
  await sealSegment(sourceOf(), store, SPAN)
  const files = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
  assert.equal(files.length, 5)
  for (const file of files) {
    const bytes = await readFile(file)
    const changed = Buffer.from(bytes)
    changed[20] = (changed[20] ?? 0) ^ 1
    for (const write of [() => writeFile(file, changed), () => rm(file)]) {
      await write()
      await assert.rejects(verifySegment(sourceOf(), store, PLACE), { code: 'archive.damaged' })
    }
    await writeFile(file, bytes)
  }
  await verifySegment(sourceOf(), store, PLACE)
})

test('records of another history never overwrite what is there', async (t) => {
  const store = new FolderStore(await folder(t), systemRandom)
  await sealSegment(sourceOf(), store, SPAN)
  const other = sealSegment(sourceOf('another'), store, SPAN)
  await assert.rejects(other, { code: 'archive.other_content' })
  await verifySegment(sourceOf(), store, PLACE)
  await sealSegment(sourceOf('another'), store, { ...SPAN, history: 1 })
  assert.ok(await store.get(manifestPath({ ...PLACE, history: 1 })))
})

test('a manifest that was signed for another tree, or another history, is refused', async (t) => {
  const store = new FolderStore(await folder(t), systemRandom)
  const sealed = await sealSegment(sourceOf(), store, SPAN)
  const resigned = async (change: Partial<typeof sealed>) => {
    const files = new FolderStore(await folder(t), systemRandom)
    for (const { path } of sealed.files)
      for (const history of [0, 1])
        await files.put(path.replace(/^0/, String(history)), (await store.get(path)) ?? BOGUS)
    const text = manifestText('remit.example/ledger', { ...sealed, ...change })
    await files.put(manifestPath(PLACE), Buffer.from(await sourceOf().signNote(text)))
    return verifySegment(sourceOf(), files, PLACE)
  }
  assert.deepEqual(await resigned({}), sealed)
  const root = Buffer.from(sha256('768')).toString('base64')
  const moved = sealed.files.map((file) => ({ ...file, path: file.path.replace(/^0/, '1') }))
  const changes = [{ root }, { history: 1, files: moved }, { from: 256 }, { to: 768 }]
  for (const change of changes) await assert.rejects(resigned(change), { code: 'archive.damaged' })
  const longer = manifestText('remit.example/ledger', { ...sealed, to: 768 })
  const alone = new FolderStore(await folder(t), systemRandom)
  await alone.put(manifestPath(PLACE), Buffer.from(await sourceOf().signNote(longer)))
  const reading = readSegment(sourceOf(), alone, PLACE)
  await assert.rejects(reading, { code: 'archive.damaged' }, 'before any other file is read')
})

const entriesOf = (index: number) => `0/${tilePath('entries', index, 256)}.gz`

/** The sealed segment as a thief of the key would sign it, with this file in the place of one. */
async function forged(t: { after(work: () => Promise<void>): void }, path: string, bytes: Buffer) {
  const store = new FolderStore(await folder(t), systemRandom)
  const sealed = await sealSegment(sourceOf(), store, SPAN)
  const files = new FolderStore(await folder(t), systemRandom)
  for (const file of sealed.files)
    await files.put(file.path, file.path === path ? bytes : ((await store.get(file.path)) ?? BOGUS))
  const listed = sealed.files.map((file) => (file.path === path ? sealedFile(path, bytes) : file))
  const text = manifestText('remit.example/ledger', { ...sealed, files: listed })
  await files.put(manifestPath(PLACE), Buffer.from(await sourceOf().signNote(text)))
  return files
}

/** Records of a bundle, the last but three of which is another one. */
async function oneChanged(index: number): Promise<Buffer> {
  const records = [...(await sourceOf().bundle(index))]
  records[253] = Buffer.from('another')
  return Buffer.from(await packBundle(records))
}

test('records that the tree in the database does not have are refused, whatever was signed', async (t) => {
  const changed = await forged(t, entriesOf(1), await oneChanged(1))
  await assert.rejects(verifySegment(sourceOf(), changed, PLACE), {
    code: 'archive.damaged',
    message: /record 509 in .* is another one/,
  })
  const bogus = await forged(t, entriesOf(1), BOGUS)
  await assert.rejects(verifySegment(sourceOf(), bogus, PLACE), { code: 'archive.damaged' })
  const hashes = `0/${tilePath('0', 0, 256)}`
  const tile = Buffer.from(await sourceOf().tile(0)).subarray(0, -32)
  const short = { ...sourceOf(), tile: async () => tile }
  await assert.rejects(verifySegment(short, await forged(t, hashes, tile), PLACE), {
    code: 'archive.damaged',
    message: /tile 0 is not full/,
  })
})

test('a file with other bytes than the sealed ones is refused, also with the same records', async (t) => {
  const path = await folder(t)
  const store = new FolderStore(path, systemRandom)
  await sealSegment(sourceOf(), store, SPAN)
  const file = join(path, entriesOf(1))
  await writeFile(file, gzipSync(gunzipSync(await readFile(file)), { level: 1 }))
  await assert.rejects(verifySegment(sourceOf(), store, PLACE), { code: 'archive.damaged' })
})

test('a segment may begin anywhere in the ledger, and is checked from there to its end', async (t) => {
  const path = await folder(t)
  const store = new FolderStore(path, systemRandom)
  const sealed = await sealSegment(sourceOf(), store, { first: 1, last: 3, history: 0 })
  assert.deepEqual([sealed.from, sealed.to], [256, 768])
  const place = { from: 256, to: 768, history: 0 }
  assert.deepEqual(await verifySegment(sourceOf(), store, place), sealed)
  await rm(join(path, entriesOf(2)))
  await assert.rejects(verifySegment(sourceOf(), store, place), { code: 'archive.damaged' })
})

test('a bundle that stands there with other records is never taken for the one that is sealed', async (t) => {
  for (const bytes of [BOGUS, await oneChanged(0)]) {
    const store = new FolderStore(await folder(t), systemRandom)
    await store.put(entriesOf(0), bytes)
    await assert.rejects(sealSegment(sourceOf(), store, SPAN), { code: 'archive.other_content' })
  }
})
