import type { Reader } from '../../platform/storage/index.ts'
import { findDecision, type StoredDecision } from './decision-store.ts'
import { findInputs, findSetting } from './recorded-store.ts'
import { type Replayable, readSetting, replayInputs } from './replay-inputs.ts'

/** One decision of the books, with what it was made from. `undefined`: there is none of this id. */
export async function readRecorded(
  db: Reader,
  decisionId: string,
): Promise<{ readonly decision: StoredDecision; readonly made: Replayable } | undefined> {
  const decision = await findDecision(db, decisionId)
  if (!decision) return undefined
  const stored = await findInputs(db, decisionId)
  const value = stored.setting === null ? undefined : await findSetting(db, stored.setting)
  const made = replayInputs({ ...decision, ...stored }, value ? readSetting(value) : undefined)
  return { decision, made }
}
