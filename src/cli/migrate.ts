import { readSettings } from '../config/settings.ts'
import { storageOptions } from '../rooms.ts'
import { migrate as migrateStorage } from '../storage/index.ts'

/** `remit migrate`: brings the schema up to date. Safe to run twice, or from several machines at once. */
export async function migrate(): Promise<void> {
  const settings = readSettings(process.env)
  const done = await migrateStorage(storageOptions(settings))
  process.stderr.write(`${JSON.stringify(done)}\n`)
}
