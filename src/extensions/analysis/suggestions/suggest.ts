import { setImmediate as turn } from 'node:timers/promises'
import { type Call, type CallFacts, covers, type Detail } from '@remit/engine'
import type { CallParts } from '../../../calls/calls/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { readSetting, replayInputs, type SettingFacts } from '../../../tasks/decision-log/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import {
  type DecisionSelection,
  type RecordedRow,
  recordedPages,
} from '../replay/recorded-pages.ts'
import { type Suggestion, suggestDetails } from './suggest-details.ts'
import { CallUsage } from './used.ts'

/** Subject of a suggestion: an agent, with its ceiling, or one task, with its details. */
export type SuggestionSubject = { readonly agent: string } | { readonly task: string }

export interface SuggestionReport extends Suggestion {
  /** Details that hold now. */
  readonly now: readonly Detail[]
  /** Permitted calls that were looked at. */
  readonly calls: number
  /** Calls that the details that hold now would not cover any more. */
  readonly outside: number
  /** Calls, of the others, that the suggestion covers: decided again, call by call. */
  readonly covered: number
  /** Permitted calls that nothing is known of. */
  readonly withoutInputs: number
  /** True when there were more calls than are looked at. */
  readonly cut: boolean
}

const MAX_CALLS = 200_000

/**
 * Suggests the least authority that would have been enough for the permitted calls of a time; with its replay
 * over the same calls.
 * @throws Problem `agent.unknown`, `task.unknown`
 */
export async function suggest(
  parts: Pick<CallParts, 'storage' | 'catalog'>,
  whose: SuggestionSubject,
  time: Pick<DecisionSelection, 'since' | 'until'>,
): Promise<SuggestionReport> {
  const now = await authorityOf(parts, whose)
  const { kindOf } = await parts.catalog.current()
  const which = {
    ...time,
    ...('agent' in whose ? { agentId: whose.agent } : { taskId: whose.task }),
  }
  const used = new CallUsage(kindOf)
  const first = await eachPermitted(parts, which, (call) => used.add(call))
  const suggestion = suggestDetails(used.actions(), now, kindOf)
  const told = { outside: 0, covered: 0 }
  await eachPermitted(parts, which, (call) => {
    if (!covers(now, call, kindOf).covered) told.outside++
    else if (covers(suggestion.details, call, kindOf).covered) told.covered++
  })
  return { ...suggestion, now, ...first, ...told }
}

async function authorityOf(
  { storage }: Pick<CallParts, 'storage'>,
  whose: SuggestionSubject,
): Promise<readonly Detail[]> {
  if ('agent' in whose) {
    const agent = await findAgent(storage.read, whose.agent)
    if (!agent) throw new Problem('agent.unknown', `there is no agent \`${whose.agent}\``)
    return agent.ceiling
  }
  const task = await findTask(storage.read, whose.task)
  if (!task) throw new Problem('task.unknown', `there is no task \`${whose.task}\``)
  return task.details
}

/** Calls that were permitted, or ended in one of `outcomes`, with their facts, in the order of time. */
export async function eachPermitted(
  { storage }: Pick<CallParts, 'storage'>,
  which: DecisionSelection,
  see: (call: Call, made: { readonly facts: CallFacts; readonly row: RecordedRow }) => void,
  outcomes: readonly RecordedRow['outcome'][] = ['permit'],
): Promise<Pick<SuggestionReport, 'calls' | 'withoutInputs' | 'cut'>> {
  const settings = new Map<string, SettingFacts>()
  let calls = 0
  let withoutInputs = 0
  for await (const page of recordedPages(storage.read, which)) {
    if (page.forget) settings.clear()
    for (const [digest, value] of page.settings) settings.set(digest, readSetting(value))
    for (const row of page.rows) {
      if (!outcomes.includes(row.outcome)) continue
      const made = replayInputs(row, settings.get(row.setting ?? ''))
      if (made.of === 'facts') {
        calls++
        see(made.facts.call, { facts: made.facts, row })
      } else withoutInputs++
    }
    if (calls >= MAX_CALLS) return { calls, withoutInputs, cut: true }
    // Calls go on meanwhile: an embedded store answers in the same turn.
    await turn()
  }
  return { calls, withoutInputs, cut: false }
}
