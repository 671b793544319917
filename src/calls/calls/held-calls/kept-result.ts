import { type Obligation, STEP_UP } from '@remit/engine'
import type { SealedColumn } from '../../../platform/keys/index.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Repetition, repeat, type Wait } from '../../../platform/lib/repeat.ts'
import { HOUR, MINUTE } from '../../../platform/lib/time-units.ts'
import type { Step } from '../../../platform/storage/index.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import type { CallParts } from '../parts.ts'
import type { ExecutedVerdict } from '../verdict.ts'
import { eraseKept, findKept, insertKeptQuery, tasksWithKept } from './kept-result-store.ts'

/**
 * Result of an execution that is told to a caller who lost its answer. `shaped`: the form that it
 * was kept in (`shapingOf`).
 */
export type KeptResult = { readonly shaped?: string } & (
  | { readonly text: string }
  /** The answer was too large to be kept. */
  | { readonly larger: true }
)

/**
 * Writes what a permit obliged to do to an answer, in one form: an answer may be told again while
 * that is the same.
 */
export function shapingOf(obligations: readonly Obligation[]): string {
  const shaping = obligations.filter(({ type }) => type !== 'notify' && type !== STEP_UP)
  return shaping
    .map(({ properties, type }) => canonicalJson({ properties, type }))
    .sort()
    .join(' ')
}

/** Bytes of the text in UTF-8. */
const MAX_BYTES = 256 * 1024
/** Maximum time that an answer is kept, in milliseconds. */
export const MAX_KEPT_MS = HOUR
const ERASE_EVERY_MS = MINUTE
const GATHER_MS = 1_000

/**
 * Keeps the answer of an approved call, so that the same call, sent again, can be told it: for an hour, never past the deadline
 * of its task. Does nothing for a call that needed no approval (that is simply made again), nor for a task that is closed.
 * INVARIANT: an answer is stored only sealed, and opens only in the row of its own decision.
 */
export async function keepResult(
  parts: Pick<CallParts, 'clock' | 'master' | 'storage'>,
  decisionId: string,
  text: string,
  obligations: readonly Obligation[] = [],
): Promise<void> {
  const sealed = sealResult(parts, { decisionId, obligations, text })
  await parts.storage.transaction(async (tx) => {
    const decision = await findDecision(tx, decisionId)
    if (decision?.outcome !== 'permit' || decision.requestId === null) return
    const task = await findTask(tx, decision.taskId ?? '')
    if (!task || task.state === 'closed') return
    const expiresAt = Math.min(parts.clock.now() + MAX_KEPT_MS, task.deadline)
    await insertKeptQuery(tx, { decisionId, sealed, expiresAt }).execute()
  })
}

/** Answer of one call, as its permit obliges to tell it. */
interface ShapedResult {
  readonly decisionId: string
  readonly text: string
  readonly obligations: readonly Obligation[]
}

/** Keeps the answer of a call that went on after its request, in the transaction that ends it. */
export function keepStep(
  parts: Pick<CallParts, 'master' | 'storage'>,
  result: ShapedResult,
  expiresAt: number,
): Step {
  const { decisionId } = result
  const row = { decisionId, sealed: sealResult(parts, result), expiresAt }
  return { name: 'kept result', query: insertKeptQuery(parts.storage.read, row), rows: 'any' }
}

function sealResult(
  { master }: Pick<CallParts, 'master'>,
  { decisionId, obligations, text }: ShapedResult,
): Uint8Array {
  const what = Buffer.byteLength(text) > MAX_BYTES ? ({ larger: true } as const) : { text }
  const kept: KeptResult = { ...what, shaped: shapingOf(obligations) }
  return master.seal(canonicalJson(kept), keptResultPlace(decisionId))
}

/**
 * Reads the answer of an earlier call for a caller who may have it now, and how it may be told.
 * INVARIANT: nothing is told again that would be told otherwise, or not at all, if it came now.
 * `obligations`: of the permit that there would be now; `undefined`: there would be none.
 */
export async function keptFor(
  parts: Pick<CallParts, 'clock' | 'master' | 'storage'>,
  decisionId: string,
  obligations: readonly Obligation[] | undefined,
): Promise<Pick<ExecutedVerdict, 'kept' | 'larger' | 'outdated'>> {
  const result = await readResult(parts, decisionId)
  if (!result) return {}
  if (!obligations || shapingOf(obligations) !== (result.shaped ?? '')) return { outdated: true }
  return 'text' in result ? { kept: result.text } : { larger: true }
}

/**
 * Reads the kept result. `undefined`: nothing was kept, it is over, or it is sealed with a master
 * key that is not ours any more.
 */
export async function readResult(
  parts: Pick<CallParts, 'clock' | 'master' | 'storage'>,
  decisionId: string,
): Promise<KeptResult | undefined> {
  const sealed = await findKept(parts.storage.read, decisionId, parts.clock.now())
  if (!sealed) return undefined
  try {
    const text = Buffer.from(parts.master.open(sealed, keptResultPlace(decisionId))).toString()
    return JSON.parse(text) as KeptResult // as: written by keepResult; the seal says so
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** Answers the place that an answer is sealed to. */
export function keptResultPlace(decisionId: string): string {
  return `kept_results/${decisionId}`
}

/**
 * Erases results that are past their time or of closed tasks. They are not told any more either way: a call of a closed task is
 * refused before they are read. Answers how many.
 */
export async function forgetResults(
  parts: Pick<CallParts, 'clock' | 'live' | 'storage'>,
): Promise<number> {
  const taskIds = await tasksWithKept(parts.storage.read)
  if (taskIds.length === 0) return 0
  const { dead } = await parts.live.view(taskIds.map((id) => ({ kind: 'task', id })))
  const ended = dead.filter(({ state }) => state === 'ended').map(({ id }) => id)
  const now = parts.clock.now()
  return parts.storage.transaction((tx) => eraseKept(tx, { now, taskIds: ended }))
}

/** Keeps erasing: a second after a task has closed, and every minute. */
export function keepForgetting(
  parts: Pick<CallParts, 'clock' | 'live' | 'storage'>,
  options: { onError: (error: unknown) => void; wait?: Wait },
): Repetition {
  const loop = repeat(async () => void (await forgetResults(parts)), {
    ...options,
    everyMs: ERASE_EVERY_MS,
    gatherMs: GATHER_MS,
  })
  const unsubscribe = parts.live.onChange((states) => {
    if (states.some(({ kind, state }) => kind === 'task' && state === 'ended')) loop.wake()
  })
  return {
    wake: () => loop.wake(),
    stop: () => {
      unsubscribe()
      return loop.stop()
    },
  }
}

/** Columns of this room that are sealed. */
export const CALLS_SEALED: readonly SealedColumn[] = [
  {
    table: 'kept_results',
    column: 'sealed',
    key: 'decision_id',
    associatedData: ({ decision_id: id = '' }) => keptResultPlace(id),
  },
]
