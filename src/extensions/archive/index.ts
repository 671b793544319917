/** The archive: old records of the ledger leave the database as sealed tiles, and are read from there. */
export { type ArchiveParts, archive } from './archive.ts'
export { ArchivedBundles } from './archived-bundles.ts'
export { type ArchiveState, examineArchive } from './examine.ts'
export { FolderStore } from './places/folder-store.ts'
export { S3Store } from './places/s3-store.ts'
export type { ArchivePlace, ArchiveStore } from './segment.ts'
