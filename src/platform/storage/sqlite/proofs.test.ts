import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { consumeOnce, PROOF } from '../consume-once.ts'
import { openStorage, type StorageOptions } from '../open.ts'
import type { Storage } from '../storage.ts'
import { buildUpTo } from '../testing.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'remit-proofs-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

async function opened<T>(
  work: (storage: Storage) => Promise<T>,
  options: Pick<StorageOptions, 'build'> = {},
): Promise<T> {
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true, ...options })
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

const use = (key: string, expiresAt: number) => (storage: Storage) =>
  storage.transaction((tx) => consumeOnce(tx, PROOF, key, expiresAt))

test('a proof that was used before a restart is refused after it, whatever it says of its time', async () => {
  assert.equal(await opened(use('a', 1_000)), true)
  assert.equal(await opened(use('a', 1_000)), false)
  assert.equal(await opened(use('a', 2_000)), false)
  assert.equal(await opened(use('b', 1_000)), true)
})

test('a proof that a build of before wrote down is refused after the migration', async () => {
  await opened(
    (storage) =>
      storage.transaction((tx) =>
        tx.insertInto('used_once').values({ kind: PROOF, key: 'a', expires_at: 1_000 }).execute(),
      ),
    { build: buildUpTo('sqlite', '0006') },
  )
  assert.equal(await opened(use('a', 1_000)), false)
  assert.equal(await opened(use('a', 2_000)), false)
})
