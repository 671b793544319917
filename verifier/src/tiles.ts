import { HASH_BYTES, TILE_WIDTH } from './tree.ts'

/** Source of the files of an export. */
export interface Source {
  /** Bytes of a file, `undefined` when there is none. Paths are relative, with `/`. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Lines of a file without their ends; none when there is no such file. */
  lines(path: string): AsyncIterable<string>
}

/** C2SP tlog-tiles: `tile/0/x001/x234/067`, with `.p/<width>` when the tile is partial. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const parts: string[] = []
  for (let rest = index; parts.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    const digits = String(rest % 1000).padStart(3, '0')
    parts.unshift(parts.length === 0 ? digits : `x${digits}`)
  }
  return `tile/${level}/${parts.join('/')}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/** The hashes of a tile of this width; `undefined` when it is not as long as that. */
export function splitTile(bytes: Uint8Array, width: number): readonly Buffer[] | undefined {
  if (bytes.length !== width * HASH_BYTES) return undefined
  return Array.from({ length: width }, (_, i) =>
    Buffer.from(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
  )
}

export interface Bundle {
  readonly entries: readonly Uint8Array[]
  /** The bytes end where an entry ends. */
  readonly whole: boolean
}

/** Entries, each after its length in two bytes, as far as they can be read. */
export function splitBundle(bytes: Uint8Array): Bundle {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) break
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return { entries, whole: at === bytes.length }
}
