import assert from 'node:assert/strict'
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { testedEngines } from '../../platform/storage/testing.ts'
import { IMPORTED, MANIFEST } from './manifest.ts'
import {
  emptyDatabase,
  exportMove,
  folder,
  importFrom,
  type Owner,
  prepareForImport,
  restore,
  type TestStore,
  withRooms,
} from './testing.ts'

const OTHER = { code: 'backup.other_destination' }

/** An export that was made for one of two databases that are prepared, and a copy of it. */
async function exported(t: Owner, engine: 'sqlite' | 'postgres') {
  const source = await emptyDatabase(t, engine)
  await withRooms(source, async () => {})
  const [there, other] = [await emptyDatabase(t, engine), await emptyDatabase(t, engine)]
  const { destination } = await prepareForImport(there)
  const elsewhere = await prepareForImport(other)
  assert.notEqual(elsewhere.destination, destination)
  const [made, copy] = [await folder(t), await folder(t)]
  const { destination: written } = await exportMove(source, made, destination)
  assert.equal(written, destination)
  await cp(made, copy, { recursive: true })
  return { source, there, other, destination, elsewhere: elsewhere.destination, made, copy }
}

const serves = (parts: TestStore) => withRooms(parts, async ({ live }) => live.renew())

for (const engine of testedEngines())
  test(`core L1: an export, its copies and a second export are imported once, into the database that they were made for (${engine})`, async (t) => {
    const { copy, destination, elsewhere, made, other, source, there } = await exported(t, engine)
    for (const wrong of [other, await emptyDatabase(t, engine)])
      await assert.rejects(importFrom(wrong, copy), OTHER)
    await assert.rejects(exportMove(source, await folder(t), elsewhere), { code: 'storage.moved' })
    const again = await folder(t)
    await exportMove(source, again, destination)
    await importFrom(there, made)
    await serves(there)
    for (const directory of [copy, again]) {
      await assert.rejects(importFrom(there, directory), { code: 'storage.not_empty' })
      for (const parts of [other, await emptyDatabase(t, engine)])
        await assert.rejects(importFrom(parts, directory), OTHER)
    }
    await rename(join(made, IMPORTED), join(made, MANIFEST))
    await assert.rejects(importFrom(other, made), OTHER, 'also where the manifest was given back')
    await assert.rejects(prepareForImport(there), { code: 'storage.not_empty' })
    // What was moved can be moved on, and serves as a backup, in which everything ends.
    const { destination: next } = await prepareForImport(await emptyDatabase(t, engine))
    await exportMove(there, await folder(t), next)
    await restore(await emptyDatabase(t, engine), { directory: copy })
  })

test('core L1: an import that is refused or fails leaves the database as prepared as it was', async (t) => {
  const { copy, made, other, there } = await exported(t, 'sqlite')
  await assert.rejects(importFrom(other, made), OTHER)
  await importFrom(there, made)
  const next = await folder(t)
  const { destination } = await prepareForImport(other)
  await exportMove(there, next, destination)
  await assert.rejects(importFrom(other, copy), OTHER)
  await importFrom(other, next)
  await serves(other)
})
