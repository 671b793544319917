import type { DatabaseSync } from 'node:sqlite'

/** Another program that looks at the file may hold it this long before a write is refused, in ms. */
const BUSY_TIMEOUT = 5_000
/** The log is cut back to this size after a checkpoint, in bytes. */
const WAL_SIZE_LIMIT = 64 * 1024 * 1024

/** Pages in the log that begin a checkpoint. The same ones change again and again: the more commits it has, the fewer times a page is copied. */
const CHECKPOINT_PAGES = 4_000
/**
 * Cache of the connection that writes, in KiB. Where a page in the middle of a tree is split, SQLite looks through all of its cache at the
 * commit (it renames pages by way of the lock-byte page): 8 MiB cost a third of the thread. What else is needed is in the system's cache.
 */
const CACHE_KIB = 2 * 1024

/** "remt": tells what the file is (file(1)), and writing it at the start shows that it can be written at all. */
const APPLICATION_ID = 0x72656d74

/**
 * INVARIANT: COMMIT returns after the log has reached the disk: WAL with synchronous=FULL syncs it at every commit
 * (sqlite.org/pragma.html#pragma_synchronous). `fullfsync` asks macOS for what fsync means elsewhere.
 */
export function openForWriting(db: DatabaseSync): void {
  harden(db)
  db.exec(`PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
    PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
    PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}`)
  eraseFreed(db, false)
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  if (mode !== 'wal') throw new Error(`the file system does not allow a write-ahead log (${mode})`)
}

/**
 * Overwrites freed space (sqlite.org/pragma.html#pragma_secure_delete). INVARIANT: within a page always, which costs no further page: otherwise
 * the first page of a table keeps a copy of its rows when it is divided, and no later deletion overwrites the copy. `pages`: true
 * overwrites whole pages that are freed, too.
 */
export function eraseFreed(db: DatabaseSync, pages: boolean): void {
  db.exec(`PRAGMA secure_delete = ${pages ? 'ON' : 'FAST'}`)
}

export function openForReading(db: DatabaseSync): void {
  harden(db)
  db.exec('PRAGMA query_only = ON')
}

/** A database file that someone else prepared must not run functions of its own choosing when it is read. */
function harden(db: DatabaseSync): void {
  db.enableDefensive(true)
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;
    PRAGMA cell_size_check = ON`)
}
