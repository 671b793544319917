import type { EscalationStep, Requestable } from '@remit/engine'
import { isId, isName } from '../../platform/lib/id.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { HOUR_SECONDS } from '../../platform/lib/time-units.ts'
import { secondsOf } from './obligations.ts'

/** Annotations that say who may lift a forbid. */
export const APPROVER_ANNOTATIONS = [
  ...['approvers', 'approver_fallback', 'break_glass', 'escalate', 'not_approvers'],
  'stand_ins',
] as const

type ApproverRules = Pick<
  Requestable,
  | 'approvers'
  | 'breakGlass'
  | 'barsAgentOwners'
  | 'escalation'
  | 'fallback'
  | 'furtherApprovers'
  | 'inPerson'
>

const MAX_RULES = 5
const MAX_STEPS = 5
/** Time for which requests wait at most. */
const MAX_ESCALATION_SECONDS = HOUR_SECONDS
/** Names that mean other people for each call. */
const BY_CALL: readonly string[] = ['represented', 'manager', 'owner']

/**
 * Reads who may lift a forbid. `@approvers` is a comma list of `group:name`, `person:psn_…`,
 * `represented`, `manager` and `owner`; several lists, joined by `and`, each need people of their own.
 * `@approver_fallback` is such a list, for when these three mean no one.
 * `@escalate("PT5M: manager, PT15M: group:name")` adds names after a time, `@not_approvers("agent-owner")`
 * takes some away, and with `@stand_ins("no")` no stand-in answers for a person who is away.
 */
export function readApprovers(
  annotations: Readonly<Record<string, string | null>>,
  quorum: number,
  mistakes: string[],
): ApproverRules {
  const [approvers, ...furtherApprovers] = readRules(annotations.approvers ?? '', mistakes)
  const rules = [approvers ?? [], ...furtherApprovers]
  const escalation = 'escalate' in annotations ? readSteps(annotations.escalate, mistakes) : []
  for (const rule of rules) {
    const people = rule.filter((each) => !each.startsWith('group:')).length
    if (people === rule.length && people > 0 && quorum > people + escalation.length)
      mistakes.push('`@quorum` asks for more people than `@approvers` names')
  }
  if ([...rules.flat(), ...escalation.map(({ name }) => name)].includes('represented')) {
    if (annotations.self !== 'true')
      mistakes.push(
        '`represented` in `@approvers` needs `@self("true")`: no one else is asked for their own calls',
      )
  }
  const fallback = readFallback(annotations, rules, mistakes)
  const breakGlass = readFixed('break_glass', annotations, mistakes)
  if ('not_approvers' in annotations && annotations.not_approvers !== 'agent-owner')
    mistakes.push('`@not_approvers` is "agent-owner"')
  if ('stand_ins' in annotations && annotations.stand_ins !== 'no')
    mistakes.push('`@stand_ins` is "no"; without it stand-ins may answer')
  return {
    approvers: approvers ?? [],
    ...(furtherApprovers.length === 0 ? {} : { furtherApprovers }),
    ...(fallback ? { fallback } : {}),
    ...(breakGlass ? { breakGlass } : {}),
    ...(escalation.length === 0 ? {} : { escalation }),
    ...('not_approvers' in annotations ? { barsAgentOwners: true } : {}),
    ...('stand_ins' in annotations ? { inPerson: true } : {}),
  }
}

function readRules(text: string, mistakes: string[]): readonly (readonly string[])[] {
  if (text.replaceAll(/[\s,]/g, '') === '') {
    mistakes.push('a `@requestable` forbid needs `@approvers("group:name, person:psn_…")`')
    return []
  }
  const rules = text.split(/\sand\s/).map((list) => readNames('approvers', list, mistakes))
  const distinct = new Set(rules.map((names) => names.toSorted().join(', ')))
  if (rules.length > MAX_RULES || distinct.size < rules.length)
    mistakes.push(`\`@approvers\` joins at most ${MAX_RULES} different lists by \`and\``)
  return rules
}

function readFallback(
  annotations: Readonly<Record<string, string | null>>,
  rules: readonly (readonly string[])[],
  mistakes: string[],
): readonly string[] | undefined {
  const fallback = readFixed('approver_fallback', annotations, mistakes)
  if (fallback && !rules.flat().some((name) => BY_CALL.includes(name)))
    mistakes.push(
      '`@approver_fallback` means nothing without `represented`, `manager` or `owner` in `@approvers`',
    )
  return fallback
}

/** Reads names that mean the same people for each call. */
function readFixed(
  annotation: 'approver_fallback' | 'break_glass',
  annotations: Readonly<Record<string, string | null>>,
  mistakes: string[],
): readonly string[] | undefined {
  if (!(annotation in annotations)) return undefined
  const names = readNames(annotation, annotations[annotation] ?? '', mistakes)
  if (names.some((name) => BY_CALL.includes(name)))
    mistakes.push(`\`@${annotation}\` names groups and persons only`)
  return names
}

function readNames(
  annotation: 'approvers' | 'approver_fallback' | 'break_glass' | 'escalate',
  list: string,
  mistakes: string[],
): readonly string[] {
  const names = list.split(',').map((name) => name.trim())
  for (const name of names) {
    if (!isApproverName(name))
      mistakes.push(
        `\`@${annotation}\`: \`${visible(name)}\` is not \`group:name\`, \`person:psn_…\`, \`represented\`, \`manager\` or \`owner\``,
      )
  }
  return [...new Set(names)]
}

function isApproverName(name: string): boolean {
  const [kind, value] = name.split(':', 2)
  const valid = kind === 'group' ? isName(value) : kind === 'person' && isId('person', value)
  return BY_CALL.includes(name) || (valid && name === `${kind}:${value}`)
}

/** Steps in the order of time; each adds one name. */
function readSteps(list: string | null | undefined, mistakes: string[]): readonly EscalationStep[] {
  const steps = (list ?? '').split(',').flatMap((step): EscalationStep[] => {
    const [, duration = '', name = ''] = /^\s*(P[^\s:]+):\s*(\S+)\s*$/.exec(step) ?? []
    const afterSeconds = secondsOf(duration)
    if (afterSeconds === undefined || afterSeconds >= MAX_ESCALATION_SECONDS) return []
    const [known] = readNames('escalate', name, mistakes)
    return known === undefined ? [] : [{ afterSeconds, name: known }]
  })
  const inOrder = steps.every((step, i) => step.afterSeconds >= (steps[i - 1]?.afterSeconds ?? 0))
  const names = new Set(steps.map(({ name }) => name))
  if (
    steps.length !== (list ?? '').split(',').length ||
    steps.length > MAX_STEPS ||
    names.size < steps.length ||
    !inOrder
  )
    mistakes.push(
      `\`@escalate\` is a comma list of at most ${MAX_STEPS} times and different names in the order of time, each below an hour, such as \`PT5M: manager, PT15M: group:name\``,
    )
  return steps
}
