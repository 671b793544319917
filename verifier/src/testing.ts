import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Source } from './tiles.ts'

/** An export as its files. */
export type Files = Map<string, Uint8Array>

export interface TestLog {
  readonly files: Files
  readonly vkey: string
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
export const ORIGIN = 'remit.example/ledger'

/** An export of these records, written as the specifications say it, slowly: no code here is shared with the tested one. */
export function makeExport(records: readonly Uint8Array[], key: KeyObject = privateKey): Files {
  const files: Files = new Map()
  const leaves = records.map((record) => sha256(Buffer.of(0), record))
  for (let level = 0; 256 ** level <= records.length; level++) {
    const span = 256 ** level
    const hashes = Array.from({ length: Math.floor(records.length / span) }, (_, i) =>
      mth(leaves.slice(i * span, (i + 1) * span)),
    )
    for (let from = 0; from < hashes.length; from += 256)
      files.set(
        `tile/${level}/${name(from, hashes.length)}`,
        Buffer.concat(hashes.slice(from, from + 256)),
      )
  }
  for (let from = 0; from < records.length; from += 256) {
    const entries = records.slice(from, from + 256).flatMap((record) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(record.length)
      return [length, record]
    })
    files.set(`tile/entries/${name(from, records.length)}`, Buffer.concat(entries))
  }
  files.set('vkey', Buffer.from(`${vkeyOf(publicKey)}\n`))
  files.set(
    'checkpoint',
    Buffer.from(signNote(`${ORIGIN}\n${records.length}\n${mth(leaves).toString('base64')}\n`, key)),
  )
  return files
}

export function signNote(text: string, key: KeyObject = privateKey, signer = ORIGIN): string {
  const id = Buffer.from(vkeyOf(publicKey).split('+')[1] ?? '', 'hex')
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)])
  return `${text}\n— ${signer} ${signature.toString('base64')}\n`
}

export function vkeyOf(key: KeyObject, origin = ORIGIN): string {
  const encoded = Buffer.concat([
    Buffer.of(1),
    Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'),
  ])
  const id = sha256(Buffer.from(`${origin}\n`), encoded).subarray(0, 4)
  return `${origin}+${id.toString('hex')}+${encoded.toString('base64')}`
}

export function memorySource(files: ReadonlyMap<string, Uint8Array>): Source {
  return {
    read: async (path) => files.get(path),
    async *lines(path) {
      const text = Buffer.from(files.get(path) ?? []).toString('utf8')
      const lines = text.split('\n')
      if (lines.at(-1) === '') lines.pop()
      yield* lines
    },
  }
}

/** Records without meaning, each different. */
export function plainRecords(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    record({ type: 'test.happened', event_id: `rec_${i}` }),
  )
}

export function record(members: Record<string, unknown>): Uint8Array {
  return Buffer.from(JSON.stringify({ v: 1, ...members }))
}

/** RFC 9162 section 2.1.1, word by word. */
export function mth(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (!only) return sha256()
  if (leaves.length === 1) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

/** Sizes below 256,000 need no more than one path element. */
function name(from: number, size: number): string {
  const width = Math.min(256, size - from)
  return `${String(from / 256).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
