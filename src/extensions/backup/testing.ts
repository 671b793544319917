import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MaintenanceParts, storeGround } from '../../maintenance.ts'
import { systemClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { setRecordedTime } from '../../platform/revocation/index.ts'
import { openStorage } from '../../platform/storage/index.ts'
import { TEST_CONNECTIONS, takeDatabase } from '../../platform/storage/postgres/testing.ts'
import { readSettings, storageOptions } from '../../programs/config/settings.ts'
import { closeRooms, openRooms, type Rooms } from '../../rooms.ts'
import type { StoreWork } from './maintenance.ts'
import * as maintenance from './maintenance.ts'

/** Store of a test, and functions that hear of work on it. */
export interface TestStore extends MaintenanceParts, Pick<StoreWork, 'onTable' | 'onError'> {}

/** Makes work on a store take the parts of a test. */
function onTestStore<A extends unknown[], R>(work: (store: StoreWork, ...rest: A) => R) {
  return ({ onError, onTable, ...parts }: TestStore, ...rest: A): R =>
    work({ ...storeGround(parts), onError, onTable }, ...rest)
}

export const backUp = onTestStore(maintenance.backUp)
export const checkBackup = onTestStore(maintenance.checkBackup)
export const restore = onTestStore(maintenance.restore)
export const restoreInPlace = onTestStore(maintenance.restoreInPlace)
export const acceptTime = onTestStore(maintenance.acceptTime)
export const confirmTime = onTestStore(maintenance.confirmTime)
export const exportMove = onTestStore(maintenance.exportMove)
export const prepareForImport = onTestStore(maintenance.prepareForImport)
export const importFrom = onTestStore(maintenance.importFrom)

/** Something that ends with its test. */
export interface Owner {
  after(end: () => Promise<void>): void
}

/** A master key, as an operator has it. */
export const MASTER_KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'

/** A directory that goes with the test. */
export async function folder(t: Owner): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'remit-backup-'))
  t.after(() => rm(made, { recursive: true, force: true }))
  return made
}

/** An empty database of an engine, as settings say it. */
export async function emptyDatabase(
  t: Owner,
  engine: 'sqlite' | 'postgres',
  environment: Readonly<Record<string, string>> = {},
): Promise<TestStore> {
  const database =
    engine === 'postgres' ? await takeDatabase(process.env.TEST_POSTGRES_URL ?? '') : undefined
  if (database) t.after(() => database.giveBack())
  return {
    settings: readSettings({
      REMIT_DATA: await folder(t),
      DATABASE_URL: database?.url,
      REMIT_MASTER_KEY: MASTER_KEY,
      ...environment,
    }),
    ...{ clock: systemClock, random: systemRandom, release: 'test', onTable: () => {} },
    onError: () => {},
    storage: { connections: TEST_CONNECTIONS },
  }
}

/** Opens the rooms on a database, for as long as `work` takes. */
export async function withRooms<T>(
  parts: TestStore,
  work: (rooms: Rooms) => Promise<T>,
): Promise<T> {
  const rooms = await openRooms(parts.settings, parts, {
    ...{ migrate: true, development: false },
    ...parts.storage,
  })
  try {
    return await work(rooms)
  } finally {
    await closeRooms(rooms)
  }
}

/** Makes the newest record of a database that no server uses `ms` older or newer than now. */
export async function recordTimeAt(parts: MaintenanceParts, ms: number): Promise<void> {
  const options = { ...storageOptions(parts.settings), ...parts.storage, migrate: false }
  const storage = await openStorage(options)
  await storage.transaction(async (tx) => {
    await tx.deleteFrom('live_replicas').execute()
    await setRecordedTime(tx, (await storage.now()) + ms)
  })
  await storage.close()
}
