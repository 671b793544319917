import { Archive } from './archive.ts'
import { checkTree, type LedgerFiles } from './check-tree.ts'
import { Commitments } from './commitments.ts'
import { contradiction, Decisions } from './decisions.ts'
import {
  type Checkpoint,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  utf8,
  type VerifierKey,
} from './note.ts'
import { Receipts } from './receipts.ts'
import { parseRecord } from './record.ts'
import { type Report, Stop, type Trouble } from './report.ts'
import type { Source } from './tiles.ts'

export interface Trust {
  /** The key that the log is known by. Without it, the one in the export is used, which proves less. */
  readonly key?: VerifierKey
  /** A checkpoint that was kept from an earlier time: the ledger must still contain it. */
  readonly since?: Uint8Array
  /** Files of the archive, for an export of only what is in the database. */
  readonly archive?: Pick<Source, 'read'>
}

/** Checks an exported ledger. What is wrong is in the report; it throws only when the files cannot be read at all. */
export async function verifyLedger(source: Source, trust: Trust = {}): Promise<Report> {
  const decisions = new Decisions()
  const commitments = new Commitments(source.lines('private.jsonl'))
  const receipts = new Receipts()
  let checkpoint: Checkpoint | undefined
  let since: Checkpoint | undefined
  let archive: Archive | undefined
  let trouble: Trouble | undefined
  try {
    const own = await ownKey(source)
    const key = trust.key ?? own
    if (!key) throw new Stop(unsigned('there is no key: vkey is missing or is not one'))
    checkpoint = await signedCheckpoint(source, key)
    // A second lock where the export has no key: the checkpoint was verified by the one given.
    if (trust.key && own?.text !== trust.key.text)
      throw new Stop({
        verdict: 'modified',
        message: 'the key in the export (vkey) is not the one given',
      })
    since = trust.since && rememberedCheckpoint(trust.since, key)
    archive = await Archive.of(source, trust.archive, key)
    const checks = { decisions, commitments, receipts }
    trouble = await checkAll({ source, archive }, checkpoint, since, checks)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    trouble = error.trouble
  }
  return {
    verdict: trouble?.verdict ?? 'ok',
    index: trouble?.index ?? null,
    message: trouble?.message ?? 'every record is as it was signed',
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    root: checkpoint ? Buffer.from(checkpoint.root).toString('base64') : null,
    key: trust.key ? 'given' : 'export',
    since: since?.size ?? null,
    decisions: decisions.counts(),
    commitments: commitments.counts(),
    receipts: receipts.checked,
    archived: archive?.records ?? 0,
  }
}

/** Checks of what records say. */
interface RecordChecks {
  readonly decisions: Decisions
  readonly commitments: Commitments
  readonly receipts: Receipts
}

/** The tree comes first: what records say matters only when they are those that were signed. */
async function checkAll(
  files: LedgerFiles,
  checkpoint: Checkpoint,
  since: Checkpoint | undefined,
  { commitments, decisions, receipts }: RecordChecks,
): Promise<Trouble | undefined> {
  let contradictory: Trouble | undefined
  await commitments.start()
  const tree = await checkTree(files, checkpoint, since, async (entry, index) => {
    const record = parseRecord(entry)
    if (record) {
      contradictory ??= decisions.add(record, index) ?? receipts.add(record, index)
      await commitments.add(record, index)
    } else contradictory ??= contradiction(index, 'this is not a record of a version known here')
  })
  commitments.end()
  return tree ?? contradictory ?? commitments.trouble
}

/** The key in the export; exactly one line. */
async function ownKey(source: Source): Promise<VerifierKey | undefined> {
  const bytes = await source.read('vkey')
  const text = bytes && utf8(bytes)
  return text?.endsWith('\n') ? parseVerifierKey(text.slice(0, -1)) : undefined
}

async function signedCheckpoint(source: Source, key: VerifierKey): Promise<Checkpoint> {
  const bytes = await source.read('checkpoint')
  if (!bytes)
    throw new Stop({
      verdict: 'truncated',
      message: 'there is no checkpoint; the export is not complete',
    })
  const checkpoint = openCheckpoint(bytes, key)
  if (!checkpoint) throw new Stop(unsigned(`the checkpoint is not signed by ${key.name}`))
  return checkpoint
}

function rememberedCheckpoint(bytes: Uint8Array, key: VerifierKey): Checkpoint {
  const checkpoint = openCheckpoint(bytes, key)
  if (!checkpoint) throw new Stop(unsigned('your remembered checkpoint is not signed by this key'))
  return checkpoint
}

/** The name in the key is the name of the log. */
function openCheckpoint(bytes: Uint8Array, key: VerifierKey): Checkpoint | undefined {
  const text = openNote(bytes, key)
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
  return checkpoint?.origin === key.name ? checkpoint : undefined
}

function unsigned(message: string): Trouble {
  return { verdict: 'invalid signature', message }
}
