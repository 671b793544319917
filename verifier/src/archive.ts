import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { openNote, type VerifierKey } from './note.ts'
import type { Trouble } from './report.ts'
import { Stop } from './report.ts'
import { type Source, tilePath } from './tiles.ts'
import { TILE_WIDTH } from './tree.ts'

/** Records that are in the archive and not in the export; `to` is exclusive. */
interface Span {
  readonly from: number
  readonly to: number
  readonly history: number
}

type ArchiveSource = Pick<Source, 'read'>

/** Manifest of a segment, as it was signed: digests of its files by their paths. */
type Manifest = ReadonlyMap<string, string>

/** Most bytes of a bundle: 256 records of 65,535 bytes, each after its length. */
const MAX_BUNDLE_BYTES = TILE_WIDTH * 65_537

/** Reads what an export leaves to an archive. Each segment is signed, and of the tree in the export, before a record of it counts. */
export class Archive {
  readonly #spans: readonly Span[]
  readonly #source: ArchiveSource | undefined
  readonly #key: VerifierKey
  #open: { readonly span: Span; readonly manifest: Manifest | Trouble } | undefined
  /** Number of records that were read from it. */
  records = 0

  private constructor(spans: readonly Span[], source: ArchiveSource | undefined, key: VerifierKey) {
    this.#spans = spans
    this.#source = source
    this.#key = key
  }

  /** `source`: absent where no archive is named. */
  static async of(
    exported: Source,
    source: ArchiveSource | undefined,
    key: VerifierKey,
  ): Promise<Archive> {
    const bytes = await exported.read('segments')
    return new Archive(bytes ? spansIn(bytes) : [], source, key)
  }

  /** Tells whether the records of a bundle are left to the archive. */
  has(index: number): boolean {
    return this.#spanOf(index) !== undefined
  }

  /** Reads a bundle of which the export has the `tile`, or says what is wrong with it. */
  async bundle(index: number, tile: Uint8Array | undefined): Promise<Uint8Array | Trouble> {
    const span = this.#spanOf(index)
    const at = index * TILE_WIDTH
    if (!span) return trouble('gap', at, 'the record is in no segment')
    const records = `records ${span.from} to ${span.to - 1}`
    if (!this.#source)
      return trouble('gap', span.from, `${records} are in the archive: name it with --archive`)
    if (this.#open?.span !== span)
      this.#open = { span, manifest: await this.#manifest(this.#source, span) }
    const { manifest } = this.#open
    if (isTrouble(manifest)) return manifest
    const listedTile = manifest.get(`${span.history}/${tilePath(0, index, TILE_WIDTH)}`)
    if (tile && listedTile !== digestOf(tile)) {
      const message = `${pathOf(span)} in the archive was signed for other records than these: it is of another history`
      return trouble('modified', at, message)
    }
    const path = `${span.history}/${tilePath('entries', index, TILE_WIDTH)}.gz`
    const packed = await this.#source.read(path)
    if (!packed) return trouble('gap', at, `${path} is missing in the archive`)
    if (manifest.get(path) !== digestOf(packed))
      return trouble('modified', at, `${path} in the archive is not the file that was signed for`)
    try {
      const bytes = gunzipSync(packed, { maxOutputLength: MAX_BUNDLE_BYTES })
      this.records += TILE_WIDTH
      return bytes
    } catch {
      return trouble('modified', at, `${path} in the archive cannot be unpacked`)
    }
  }

  #spanOf(index: number): Span | undefined {
    const at = index * TILE_WIDTH
    return this.#spans.find(({ from, to }) => from <= at && at < to)
  }

  async #manifest(source: ArchiveSource, span: Span): Promise<Manifest | Trouble> {
    const path = pathOf(span)
    const records = `records ${span.from} to ${span.to - 1}`
    const bytes = await source.read(path)
    if (!bytes) return trouble('gap', span.from, `${path} is missing in the archive: ${records}`)
    const text = openNote(bytes, this.#key)
    if (text === undefined)
      return trouble(
        'invalid signature',
        span.from,
        `${path} in the archive is not signed by ${this.#key.name}`,
      )
    const [name, place, , ...lines] = text.trimEnd().split('\n')
    // Another first line than that of a checkpoint: neither can be taken for the other.
    if (name !== `${this.#key.name}/archive`)
      return trouble('modified', span.from, `${path} in the archive is no segment of this ledger`)
    if (place !== `${span.from} ${span.to} ${span.history}`)
      return trouble(
        'modified',
        span.from,
        `${path} in the archive is of other records, or of another history`,
      )
    return new Map(
      lines.map((line) => {
        const [file = '', , digest = ''] = line.split(' ')
        return [file, digest]
      }),
    )
  }
}

/** Tells what is wrong from what was read. */
export function isTrouble(given: Uint8Array | Manifest | Trouble): given is Trouble {
  return 'verdict' in given
}

function trouble(verdict: Trouble['verdict'], index: number, message: string): Trouble {
  return { verdict, index, message }
}

function pathOf({ from, history, to }: Span): string {
  const digits = (position: number) => String(position).padStart(15, '0')
  return `${history}/segment/${digits(from)}-${digits(to)}`
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Lines of `from to history`, in order. */
function spansIn(bytes: Uint8Array): readonly Span[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  const spans: Span[] = []
  let end = 0
  for (const line of lines.slice(0, -1)) {
    const [, from, to, history] = /^(\d{1,15}) (\d{1,15}) (\d{1,9})$/.exec(line) ?? []
    const span = { from: Number(from), to: Number(to), history: Number(history) }
    const isSpan = span.from % TILE_WIDTH === 0 && span.to % TILE_WIDTH === 0 && span.from < span.to
    if (!isSpan || span.from < end)
      throw new Stop({ verdict: 'modified', message: 'segments is no list of segments' })
    end = span.to
    spans.push(span)
  }
  return spans
}
