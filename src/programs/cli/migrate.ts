import { migrate as migrateStorage, migrationPlan } from '../../platform/storage/index.ts'
import { readSettings, storageOptions } from '../config/settings.ts'
import type { World } from './world.ts'

type MigrationPlan = Awaited<ReturnType<typeof migrationPlan>>

/** Options of `remit migrate`. */
interface MigrateOptions {
  readonly json: boolean
  /** Only says what would be done. */
  readonly plan: boolean
}

/** `remit migrate`: brings the schema up to date. Safe to run twice, or from several machines at once. */
export async function migrateStore(world: World, { json, plan }: MigrateOptions): Promise<void> {
  const storage = storageOptions(readSettings(world.environment))
  const ahead = await migrationPlan(storage)
  const { needed, recorded } = ahead
  if (plan) {
    world.output.write(json ? `${JSON.stringify(ahead, null, 2)}\n` : `${planInWords(ahead)}\n`)
    return
  }
  if (recorded > 0 && recorded < needed)
    world.talk.write(
      `Schema ${recorded} → ${needed}. Keep a backup of the database and a copy of master.key: only a backup brings the old schema back.\n`,
    )
  const done = await migrateStorage(storage)
  world.output.write(json ? `${JSON.stringify(done, null, 2)}\n` : `${inWords(done)}\n`)
}

function inWords({ applied, version }: Awaited<ReturnType<typeof migrateStorage>>): string {
  if (applied.length === 0) return `✓ The schema is up to date (version ${version}).`
  return `✓ The schema is at version ${version} now. Migrations that ran: ${applied.join(', ')}.`
}

/** Kinds of migrations, in words. */
const KINDS = {
  expand: 'expands: it only adds',
  contract: 'contracts: it removes what older versions used',
} as const

function planInWords({ needed, oldest, recorded, replicas, steps }: MigrationPlan): string {
  if (steps.length === 0)
    return recorded > needed
      ? `✓ The schema is at version ${recorded}. This version of Remit needs ${needed} and works with it.`
      : `✓ The schema is up to date (version ${recorded}). Nothing would run.`
  if (recorded === 0) return `The database is empty. It would be set up with schema ${needed}.`
  const lines = steps.map(({ kind, name }) => `  ${name}  ${KINDS[kind]}`)
  const beside =
    replicas.length === 0
      ? `Servers that run now can go on during the migration and after it: the new schema works with versions that know schema ${oldest} or newer.`
      : `These servers know an older schema than ${oldest}. Replace or stop them first; until then, no migration runs:\n${replicas.map(({ id, schema }) => `  ${id}  knows schema ${schema}`).join('\n')}`
  return [`Schema ${recorded} → ${needed}. These migrations would run:`, ...lines, beside].join(
    '\n',
  )
}
