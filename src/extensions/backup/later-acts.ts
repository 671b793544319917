import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  entryBundles,
  isSignedBy,
  RunningTree,
  readBundle,
  readTreeHead,
} from '../../platform/ledger/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import { ledgerKeysOf } from './check-ledger.ts'
import { damaged } from './manifest.ts'
import type { Backup } from './read-backup.ts'

/** Subjects of records that a restore ends, or that change nothing: the first word of their type. */
const ROUTINE = new Set(
  'access_request allowance approval authorization consent decision deferral evaluation mcp proof refusals session task thread ticket token transaction'.split(
    ' ',
  ),
)
/** Members of a record that do not describe the act. */
const LEFT_OUT = ['v', 'event_id', 'commitments']
/** Bytes of the largest bundle: 256 records with their lengths. */
const MAX_BUNDLE_BYTES = 256 * (65_535 + 2)

/** Record of an act that a restore loses: `time`, `type`, and whom and what it was about. */
export type LaterAct = Readonly<Record<string, unknown>>

/**
 * Reads from a later export of the same ledger the acts after a backup that an operator may have to
 * repeat: suspensions, changes of access, published policies.
 * @throws Problem `backup.damaged` for an export that is not signed, or not of this ledger
 */
export async function laterActs(backup: Backup, directory: string): Promise<readonly LaterAct[]> {
  const note = (await readBounded(join(directory, 'checkpoint'), 65_536)).toString('utf8')
  const head = readTreeHead(note)
  const keys = await ledgerKeysOf(backup)
  if (!head || !keys.some((key) => isSignedBy(note, key)))
    throw damaged(`${directory} is not signed by the key of this ledger`)
  const { checkpoint, size } = backup.manifest.ledger
  const signed = checkpoint === null ? undefined : readTreeHead(checkpoint)
  const tree = new RunningTree()
  const later: Uint8Array[] = []
  let isContained = !signed || signed.size === 0
  for (const { path, width } of entryBundles(head.size)) {
    const records = readBundle(await readBounded(join(directory, path), MAX_BUNDLE_BYTES), width)
    if (!records) throw damaged(`${path} of ${directory} is damaged`)
    for (const record of records) {
      tree.add(record)
      if (tree.size === signed?.size) isContained = sameBytes(tree.root(), signed.root)
      if (tree.size > size && !ROUTINE.has(subjectOf(record))) later.push(record)
    }
  }
  if (!sameBytes(tree.root(), head.root))
    throw damaged(`the records of ${directory} are not those that were signed for`)
  if (!isContained) throw damaged(`${directory} is no later export of the ledger in the backup`)
  return later.map(readAct)
}

/** First word of a record's type; only `upstream` and `v` come after it. Nothing else of it is read before it is verified. */
function subjectOf(record: Uint8Array): string {
  const text = Buffer.from(record).toString('utf8')
  return /^"type":"([a-z_]+)/.exec(text.slice(text.lastIndexOf('"type":"')))?.[1] ?? ''
}

function readAct(record: Uint8Array): LaterAct {
  const members = Object.entries(JSON.parse(Buffer.from(record).toString('utf8')))
  return Object.fromEntries(members.filter(([name]) => !LEFT_OUT.includes(name)))
}

async function readBounded(path: string, most: number): Promise<Buffer> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isFile() || stat.size > most) throw damaged(`${path} is missing, or is too large`)
  return readFile(path)
}
