import type { CallParts } from '../../../calls/calls/index.ts'
import { isLink, isTemplate, splitPolicies } from '../../../policy/cedar/index.ts'
import { Declarations, schemaInSteps } from '../../../policy/policy/index.ts'
import { decideAgain } from '../../../tasks/decision-log/index.ts'
import { AnalysisProblem } from '../problems.ts'
import { cedarString, conditionOf } from './conditions.ts'
import { type ApprovalHabit, approvalHabits } from './habits.ts'
import { eachPermitted, type SuggestionReport } from './suggest.ts'
import { checked, declaredArguments, seenLimit } from './suggest-policy.ts'

/** Policies that do not ask any more about what people approve again and again. */
export interface SuggestedException extends Pick<SuggestionReport, 'withoutInputs' | 'cut'> {
  /** Version that it is made from. */
  readonly version: number
  readonly before: string
  readonly text: string
  /** Ids of rules that asked and cannot be changed here: templates and links. */
  readonly linked: readonly string[]
  /** Calls of the agent with this action that were decided again. */
  readonly calls: number
  /** Numbers of those that people are asked about by the policies of now, and by these. */
  readonly asked: { readonly now: number; readonly drafted: number }
  /** Calls that would be permitted without asking, and were denied otherwise: there have to be none. */
  readonly newlyPermitted: number
}

const WINDOW_MS = 30 * 86_400_000

/**
 * Makes a policy text in which the rules that asked do not mean what people always approved. Decided again over recorded
 * calls; nothing is put in force.
 * @throws Problem `approval.no_habit`, `policy.invalid`
 */
export async function suggestException(
  parts: Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>,
  { action, agent }: Pick<ApprovalHabit, 'action' | 'agent'>,
): Promise<{ readonly habit: ApprovalHabit; readonly exception: SuggestedException }> {
  const habits = await approvalHabits(parts, agent)
  const habit = habits.find((each) => each.action === action)
  if (!habit)
    throw new AnalysisProblem(
      'approval.no_habit',
      `people do not always approve ${action} of ${agent}`,
    )
  const catalog = await parts.catalog.current()
  const schema = await schemaInSteps(catalog.actions.values())
  const current = await parts.policies.active()
  const before = current.version === 0 ? '' : (await parts.policies.version(current.version)).text
  const declared = declaredArguments(new Declarations(schema), action)
  const conditions = habit.limits.map((limit) => conditionOf(declared, seenLimit(limit)))
  // INVARIANT: an exception without one of its limits would be wider than what people approved.
  if (!conditions.every((each) => each !== undefined))
    throw new AnalysisProblem('approval.no_habit', 'a limit on it cannot be written as a rule')
  const { linked, text } = withException(before, habit, conditions)
  const draft = await checked(text, schema)
  const now = parts.clock.now()
  const told = { calls: 0, now: 0, drafted: 0, newlyPermitted: 0 }
  const which = { since: now - WINDOW_MS, until: now, agentId: agent }
  const { cut, withoutInputs } = await eachPermitted(
    parts,
    which,
    (call, { facts, row }) => {
      if (call.action !== action) return
      told.calls++
      const unasked = { ...facts, lifted: [] }
      const was = decideAgain(unasked, row, current).outcome
      const is = decideAgain(unasked, row, draft).outcome
      if (was === 'requestable') told.now++
      if (is === 'requestable') told.drafted++
      if (was === 'deny' && is === 'permit') told.newlyPermitted++
    },
    ['permit', 'requestable', 'deny'],
  )
  const { calls, newlyPermitted, now: asked, drafted } = told
  return {
    habit,
    exception: {
      ...{ version: current.version, before, text, linked, calls, newlyPermitted },
      ...{ asked: { now: asked, drafted }, cut, withoutInputs },
    },
  }
}

const ID = /@\s*id\s*\(\s*"([^"\\]*)"\s*\)/

/** Writes `unless` behind each rule that asked. */
function withException(
  text: string,
  { action, agent, rules }: ApprovalHabit,
  conditions: readonly string[],
): { readonly text: string; readonly linked: readonly string[] } {
  const exception = [
    `context.agent == Agent::${cedarString(agent)}`,
    `action == Action::${cedarString(action)}`,
    ...conditions,
  ].join(' && ')
  const linked: string[] = []
  let left = ''
  let end = 0
  for (const { start, text: rule } of splitPolicies(text)) {
    const id = ID.exec(rule)?.[1] ?? ''
    if (!rules.includes(id)) continue
    if (isTemplate(rule) || isLink(rule)) {
      linked.push(id)
      continue
    }
    const whole = `${rule.replace(/;\s*$/, '').trimEnd()}\nunless { ${exception} }`
    left += `${text.slice(end, start)}${whole};`
    end = start + rule.length
  }
  return { text: left + text.slice(end), linked }
}
