import { RECORDS } from '../../platform/dictionaries/index.ts'
import {
  completeRoot,
  isSignedBy,
  RunningTree,
  readTreeHead,
  split,
  unpackBundle,
} from '../../platform/ledger/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import type { StoredRow, StoredValue } from '../../platform/storage/index.ts'
import { damaged, type TableFile } from './manifest.ts'
import { type Backup, rowsOf } from './read-backup.ts'

/** Tables with signed heads. */
const SEEN: readonly string[] = [
  'ledger_breaks',
  'ledger_bundles',
  'ledger_checkpoints',
  'ledger_head',
  'ledger_leaves',
  'ledger_segments',
  'ledger_tiles',
  'signing_keys',
]

/**
 * Reads every file once, before anything of them is used: each is as the manifest says, and the
 * ledger contains all signed records.
 * @throws Problem `backup.damaged`
 */
export async function checkBackupFiles(backup: Backup): Promise<void> {
  const ledger = new BackupLedger(backup.manifest.ledger.checkpoint)
  for (const table of backup.manifest.tables)
    for await (const rows of rowsOf(backup, table))
      if (SEEN.includes(table.name)) for (const row of rows) await ledger.see(table, row)
  ledger.check()
}

/** Public halves of the keys that signed the checkpoints of a backup. */
export async function ledgerKeysOf(backup: Backup): Promise<readonly string[]> {
  const keys: string[] = []
  for (const table of backup.manifest.tables.filter(({ name }) => name === 'signing_keys'))
    for await (const rows of rowsOf(backup, table))
      for (const row of rows) keys.push(...ledgerKeyIn(memberOf(table, row)))
  return keys
}

type Member = (column: string) => StoredValue | undefined

function memberOf({ columns }: TableFile, row: StoredRow): Member {
  return (column) => row[columns.indexOf(column)]
}

function ledgerKeyIn(member: Member): readonly string[] {
  return member('purpose') === 'ledger' ? [String(member('public_jwk'))] : []
}

/** Records under one tile of the lowest level. */
const WIDTH = 256

/** The ledger in a backup, as its rows come by. */
class BackupLedger {
  readonly #checkpoint: string | null
  readonly #tree = new RunningTree()
  /** Roots over the tiles of records that are in the archive. */
  readonly #tiles = new Map<number, Uint8Array>()
  #archivedTo = 0
  readonly #keys: string[] = []
  #size: StoredValue | undefined = 0n
  #isBroken = false
  #newest: { readonly size: bigint; readonly note: StoredValue | undefined } | undefined
  /** Root of the tree of the checkpoint's size. */
  #rootThen: Uint8Array | undefined

  constructor(checkpoint: string | null) {
    this.#checkpoint = checkpoint
    this.#noteRoot()
  }

  async see(table: TableFile, row: StoredRow): Promise<void> {
    const member = memberOf(table, row)
    if (table.name === 'ledger_leaves') this.#addLeaf(member)
    else if (table.name === 'ledger_bundles') await this.#addBundle(member)
    else if (table.name === 'ledger_segments') this.#noteSegment(member)
    else if (table.name === 'ledger_tiles') this.#noteTile(member)
    else if (table.name === 'signing_keys') this.#keys.push(...ledgerKeyIn(member))
    else if (table.name === 'ledger_head') this.#size = member('size')
    else if (table.name === 'ledger_breaks') this.#isBroken ||= member('accepted_at') === null
    else {
      const size = BigInt(String(member('size')))
      if (!this.#newest || size > this.#newest.size) this.#newest = { size, note: member('note') }
    }
  }

  /** @throws Problem `backup.damaged` */
  check(): void {
    // Everything may have left the database.
    this.#addArchived(this.#archivedTo)
    // Records that stand behind the tree wait to be taken in.
    if (BigInt(String(this.#size)) > BigInt(this.#tree.size))
      throw damaged('the ledger has another number of records than its head says')
    const note = this.#checkpoint
    if ((this.#newest?.note ?? null) !== note)
      throw damaged('the signed head is not the newest one')
    // A ledger that was broken already is so in the backup, and an administrator has to go on from that.
    if (note === null || this.#isBroken) return
    if (!this.#keys.some((key) => isSignedBy(note, key)))
      throw damaged('the signed head is not signed by the key of this ledger')
    const head = readTreeHead(note)
    if (!head || !this.#rootThen || !sameBytes(head.root, this.#rootThen))
      throw damaged('the records of the ledger are not those that were signed for')
  }

  #noteSegment(member: Member): void {
    this.#archivedTo = Math.max(this.#archivedTo, Number(member('to_position')))
  }

  #noteTile(member: Member): void {
    const index = Number(member('tile'))
    const hashes = member('hashes')
    // Only of records that left: the others are looked at themselves.
    if (member('level') !== 0n || index * WIDTH >= this.#archivedTo) return
    if (!(hashes instanceof Uint8Array) || hashes.byteLength !== WIDTH * 32)
      throw damaged(`the tile ${index} of the ledger is not full`)
    this.#tiles.set(index, completeRoot(split(hashes)))
  }

  /** Puts the hashes of records that left the database in their place, up to this position. */
  #addArchived(to: number): void {
    while (this.#tree.size < Math.min(to, this.#archivedTo) && this.#tree.size % WIDTH === 0) {
      const root = this.#tiles.get(this.#tree.size / WIDTH)
      if (!root) return
      this.#tree.addSubtree(root, WIDTH)
      this.#noteRoot()
    }
  }

  async #addBundle(member: Member): Promise<void> {
    const index = Number(member('bundle'))
    const packed = member('packed')
    const records = packed instanceof Uint8Array ? await unpackBundle(packed) : undefined
    if (!records) throw damaged(`the bundle ${index} of the ledger cannot be unpacked`)
    for (const [i, record] of records.entries()) this.#add(index * WIDTH + i, record)
  }

  #addLeaf(member: Member): void {
    const record = member('record')
    this.#add(
      Number(member('position')),
      record instanceof Uint8Array ? RECORDS.restore(record) : undefined,
    )
  }

  #add(position: number, record: Uint8Array | undefined): void {
    // A record below 0 waits for its position, and is not in the tree.
    if (position < 0) return
    this.#addArchived(position)
    if (position !== this.#tree.size || !record)
      throw damaged(`the record ${this.#tree.size} of the ledger is missing`)
    this.#tree.add(record)
    this.#noteRoot()
  }

  #noteRoot(): void {
    const size = this.#checkpoint === null ? undefined : readTreeHead(this.#checkpoint)?.size
    if (size === this.#tree.size) this.#rootThen = this.#tree.root()
  }
}
