import { type CallFacts, type Decision, decide, keepEntities, type PolicySet } from '@remit/engine'
import { readIssueAction } from '../../policy/policy/index.ts'
import type { StoredDecision, StoredOutcome } from './decision-store.ts'
import { factsFrom } from './inputs.ts'
import { type RecordedIssuance, recordedIssuance } from './judged.ts'
import type { StoredInputs } from './recorded-store.ts'
import type { SettingFacts } from './setting.ts'

/** A decision of the books, as far as deciding it again asks. */
export type RecordedDecision = Pick<
  StoredDecision,
  'resource' | 'action' | 'at' | 'outcome' | 'reason'
> &
  StoredInputs

/**
 * `facts`: what the gates looked at. `stopped`: credential, task or catalog ended it before there was anything to judge, so no policy
 * had a say. `erased`: there were facts, which were erased.
 */
export type Replayable =
  | { readonly of: 'facts'; readonly facts: CallFacts }
  | { readonly of: 'issuance'; readonly issuance: RecordedIssuance }
  | { readonly of: 'stopped' | 'erased' }

/** `setting`: the value under the row's digest, read once for all rows that name it; `undefined` where there is none. */
export function replayInputs(row: RecordedDecision, setting: SettingFacts | undefined): Replayable {
  const { action, at, inputs, resource } = row
  if (action !== null && resource !== null && readIssueAction(action)) {
    if (inputs === null) return { of: 'erased' }
    return { of: 'issuance', issuance: recordedIssuance(inputs, { action, resource }) }
  }
  if (row.setting === null) return { of: 'stopped' }
  if (inputs === null || !setting || resource === null || action === null) return { of: 'erased' }
  return { of: 'facts', facts: factsFrom(inputs, setting, { action, at, resource }) }
}

export function readSetting(value: string): SettingFacts {
  const setting = JSON.parse(value) as SettingFacts // written by RecordedSettings
  // Many decisions share a setting.
  keepEntities(setting.entities)
  return setting
}

/** Decision on the same facts with these policies, in the words of the books. */
export interface ReplayedDecision {
  readonly outcome: Exclude<StoredOutcome, 'challenged'>
  readonly reason: string
  readonly decision: Decision
}

/**
 * Reasons that people and books gave after the gates had found that only an answer of people is
 * missing.
 */
const AFTER_ASKING: readonly string[] = [
  'approval.denied',
  'approval.edited',
  'approval.nobody_to_ask',
  'approval.used',
  'approval.too_many_pending',
  'task.closed',
]

/**
 * Decides a recorded call again. With the policy version of the row the answer is the row's own (threats, invariant I10). What people had
 * said then, they have said now: a call that was asked about and denied by a person is denied again where it would be asked about.
 */
export function decideAgain(
  facts: CallFacts,
  row: Pick<RecordedDecision, 'outcome' | 'reason'>,
  policies: PolicySet,
): ReplayedDecision {
  const decision = decide(facts, policies)
  switch (decision.outcome) {
    case 'permit':
      return { outcome: 'permit', reason: permitReason(decision, facts), decision }
    case 'requestable':
      return row.outcome === 'deny' && AFTER_ASKING.includes(row.reason)
        ? { outcome: 'deny', reason: row.reason, decision }
        : { outcome: 'requestable', reason: decision.reason, decision }
    case 'deny':
      return { outcome: 'deny', reason: decision.reason, decision }
  }
}

function permitReason(
  { lifted }: Extract<Decision, { outcome: 'permit' }>,
  { liftedBy }: CallFacts,
): string {
  if (lifted.length === 0) return 'permitted'
  return liftedBy === undefined ? 'approval.used' : 'allowance.used'
}
