import { bold, green, type Text, text } from '../../platform/lib/terminal/text.ts'
import type { EndedWork } from './end-work.ts'
import type { LaterAct } from './later-acts.ts'
import type { Manifest } from './manifest.ts'
import type { MoveDestination } from './move.ts'
import type { ConfirmedClock, RestoreResult } from './restore.ts'

/** Manifest of a backup, and acts that it lacks, where a later export of the ledger says so. */
export interface BackupReport {
  readonly manifest: Manifest
  readonly later?: readonly LaterAct[]
}

/** Result of a restore. `manifest`: absent where the database was restored by other means. */
export interface RestoreReport extends RestoreResult, Partial<BackupReport> {
  readonly work: EndedWork
}

/** Result of any work on a store. */
export type StoreReport = Partial<RestoreReport & ConfirmedClock & MoveDestination>

/** Lines of a report, for the person who ran the command. */
export function reportLines(report: StoreReport): readonly Text[] {
  if (report.destination)
    return [
      text`${green('✓')} this database takes one export: ${bold(`remit export DIR --to ${report.destination}`)}`,
    ]
  if (report.clock) return [text`${green('✓')} the clock is confirmed: start the server`]
  const { history, keys = [], later = [], manifest, work } = report
  const { id, ledger, master_key: key, taken_at: at } = manifest ?? {}
  const acts = later.map(
    ({ time, type, ...about }) =>
      text`  ${String(time)} ${bold(String(type))} ${JSON.stringify(about)}`,
  )
  const lines = [
    id
      ? text`${green('✓')} ${bold(id)} of ${at ?? ''}: ledger of ${ledger?.size ?? 0} records, sealed with master key ${key ?? ''}`
      : text`${green('✓')} the database that is there`,
    ...(acts.length > 0 ? [text`  Done after the backup, and lost:`, ...acts] : []),
  ]
  if (!work) return lines
  return [
    ...lines,
    text`  ended: tasks ${work.tasks}, requests ${work.requests}, allowances ${work.allowances}, consents ${report.consents ?? 0}, signing keys ${keys.length}`,
    text`  Nothing is permitted until an administrator has looked: start the server, then ${bold(`remit ledger accept ${history ?? ''}`)}`,
  ]
}
