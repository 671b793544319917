/** Backups of the whole database, restored so that nothing comes to life again that was revoked; and moves to another database. */
export { checkBackupFiles } from './check-ledger.ts'
export { type EndedWork, endOpenWork } from './end-work.ts'
export { laterActs } from './later-acts.ts'
export type { Manifest } from './manifest.ts'
export { beginMove, importMove, type MoveDestination, prepareImport } from './move.ts'
export { startUnlessMoved } from './move-store.ts'
export { openBackup } from './read-backup.ts'
export { type BackupReport, type RestoreReport, reportLines } from './report.ts'
export {
  acceptClock,
  type ConfirmedClock,
  confirmClock,
  endRestored,
  restoreBackup,
} from './restore.ts'
export { writeBackup } from './write-backup.ts'
