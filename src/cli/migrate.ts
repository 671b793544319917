import { readSettings } from '../config/settings.ts'
import { storageOptions } from '../rooms.ts'
import { type MigrationResult, migrate as migrateStorage, schemaVersion } from '../storage/index.ts'
import type { World } from './world.ts'

/** `remit migrate`: brings the schema up to date. Safe to run twice, or from several machines at once. */
export async function migrate(world: World, json: boolean): Promise<void> {
  const storage = storageOptions(readSettings(world.environment))
  const { recorded, needed } = await schemaVersion(storage)
  if (recorded > 0 && recorded < needed)
    world.talk.write(
      `Schema ${recorded} → ${needed}. Keep a backup of the database and of master.key: there is no way back.\n`,
    )
  const done = await migrateStorage(storage)
  world.output.write(json ? `${JSON.stringify(done, null, 2)}\n` : `${inWords(done)}\n`)
}

function inWords({ applied, version }: MigrationResult): string {
  if (applied.length === 0) return `✓ The schema is up to date (version ${version}).`
  return `✓ The schema is at version ${version} now. Migrations that ran: ${applied.join(', ')}.`
}
