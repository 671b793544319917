import { createHash } from 'node:crypto'

/** Place outside the database for what leaves it: a folder, or an S3-compatible store. */
export interface ArchiveStore {
  /** Name of the place, for people. */
  readonly where: string
  /** Writes a whole file, durable when it resolves. A file of this name with other bytes is refused. */
  put(path: string, bytes: Uint8Array): Promise<void>
  /** Reads a file; `undefined` where there is none. @throws Problem `archive.unreachable` */
  get(path: string): Promise<Uint8Array | undefined>
}

/** Facts about a place that an operator wants to know. */
export interface ArchivePlaceFacts {
  /** False: it replaces an existing file if two write at the same moment. */
  readonly keepsFiles: boolean
}

/** Place that an operator set up. */
export interface ArchivePlace extends ArchiveStore {
  /** Finds out whether it can be written. It leaves nothing, or one small file. @throws Problem `archive.unreachable` */
  examine(): Promise<ArchivePlaceFacts>
  close(): Promise<void>
}

/** Records from one position to another that left the database together, in full bundles. */
export interface Segment {
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** Number of the history in which it was sealed: its folder. */
  readonly history: number
  /** Root of the tree of `to` records, base64. */
  readonly root: string
  readonly files: readonly SealedFile[]
}

/** File of a segment, as it is in the archive. */
export interface SealedFile {
  readonly path: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** Path of the manifest. It is written last: without it there is no segment. */
export function manifestPath({
  from,
  history,
  to,
}: Pick<Segment, 'from' | 'history' | 'to'>): string {
  const digits = (position: number) => String(position).padStart(15, '0')
  return `${history}/segment/${digits(from)}-${digits(to)}`
}

export function sealedFile(path: string, bytes: Uint8Array): SealedFile {
  return {
    path,
    bytes: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
}

/**
 * Text of a manifest, which is signed as a note. Its first line differs from that of checkpoints, so that neither can be
 * taken for the other.
 */
export function manifestText(origin: string, { files, from, history, root, to }: Segment): string {
  const lines = files.map(({ bytes, path, sha256 }) => `${path} ${bytes} ${sha256}`)
  return `${origin}/archive\n${from} ${to} ${history}\n${root}\n${lines.join('\n')}\n`
}

/** Reads the text of a manifest of this ledger; `undefined`: it is none. */
export function readManifest(origin: string, note: string): Segment | undefined {
  const [text = ''] = note.split('\n\n')
  const [name, span = '', root = '', ...lines] = text.split('\n')
  const [, from, to, history] = /^(\d{1,15}) (\d{1,15}) (\d{1,9})$/.exec(span) ?? []
  if (name !== `${origin}/archive` || from === undefined) return undefined
  const files: SealedFile[] = []
  for (const line of lines) {
    const [, path, bytes, sha256] = /^([a-z0-9/._-]+) (\d{1,12}) ([0-9a-f]{64})$/.exec(line) ?? []
    if (path === undefined || sha256 === undefined) return undefined
    files.push({ path, bytes: Number(bytes), sha256 })
  }
  return { from: Number(from), to: Number(to), history: Number(history), root, files }
}
