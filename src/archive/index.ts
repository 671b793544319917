/** The archive: old records of the ledger leave the database as sealed tiles, and are read from there. */
export { type ArchiveParts, archive } from './archive.ts'
export { ArchivedBundles } from './archived-bundles.ts'
export { FolderStore } from './folder-store.ts'
export type { ArchiveStore } from './segment.ts'
