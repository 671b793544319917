import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskGuard, type DiskLevel, freeBytesOf } from './disk-guard.ts'
import { openStorage } from './open.ts'

const MB = 1_048_576

function guarded(free: { bytes: number }) {
  const told: DiskLevel[] = []
  const guard = new DiskGuard({
    reserveBytes: 100,
    freeBytes: async () => free.bytes,
    onChange: (room) => told.push(room),
  })
  return { guard, told }
}

test('room is given up in order: refusals first, then everything that needs a record; each change is told once', async () => {
  const free = { bytes: 200 }
  const { guard, told } = guarded(free)
  for (const [bytes, room] of [
    [200, 'ample'],
    [199, 'low'],
    [100, 'low'],
    [99, 'reserved'],
    [0, 'reserved'],
    [150, 'low'],
    [1_000, 'ample'],
  ] as const) {
    free.bytes = bytes
    await guard.check()
    assert.equal(guard.room, room, `${bytes}`)
    if (room === 'reserved') assert.throws(() => guard.requireRoom(), { code: 'storage.reserved' })
    else guard.requireRoom()
  }
  assert.deepEqual(told, ['low', 'reserved', 'low', 'ample'])
})

test('what is known stays while nobody can tell; without a reserve nobody is asked', async () => {
  const free = { bytes: 0 }
  const { guard } = guarded(free)
  await guard.check()
  const blind = new DiskGuard({
    reserveBytes: 0,
    freeBytes: () => Promise.reject(new Error('nobody may ask')),
  })
  await blind.check()
  assert.equal(blind.room, 'ample')
  assert.equal(guard.room, 'reserved')
})

/** A file system of so many megabytes; `undefined` where none may be mounted. */
function smallDisk(megabytes: number): { directory: string; end(): void } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'remit-disk-'))
  const remove = () => rmSync(directory, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], {
      stdio: 'ignore',
    })
  } catch {
    remove()
    return undefined
  }
  return {
    directory,
    end() {
      execFileSync('umount', [directory])
      remove()
    },
  }
}

test('a real disk that fills up is noticed while there still is room to write', async (t) => {
  const disk = smallDisk(24)
  if (!disk) return t.skip('no file system can be mounted here: that takes root')
  const { directory } = disk
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
  t.after(async () => {
    await storage.close()
    disk.end()
  })
  const guard = new DiskGuard({
    reserveBytes: 4 * MB,
    freeBytes: () => freeBytesOf(directory),
  })
  await guard.check()
  assert.equal(guard.room, 'ample')
  const free = await freeBytesOf(directory)
  writeFileSync(join(directory, 'somebody-else'), Buffer.alloc(free - 6 * MB))
  await guard.check()
  assert.equal(guard.room, 'low')
  writeFileSync(join(directory, 'somebody-else'), Buffer.alloc(free - 3 * MB))
  await guard.check()
  assert.equal(guard.room, 'reserved')
  const used = storage.read
    .insertInto('used_once')
    .values({ kind: 'test', key: 'one', expires_at: 1 })
  const done = await storage.commit([{ name: 'one', query: used, rows: 1 }])
  assert.ok(done.committed, 'the reserve can be written')
  rmSync(join(directory, 'somebody-else'))
  await guard.check()
  assert.equal(guard.room, 'ample')
})
