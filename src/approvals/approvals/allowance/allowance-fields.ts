import { Problem } from '../../../platform/lib/problem.ts'
import { DAY_SECONDS, HOUR_SECONDS } from '../../../platform/lib/time-units.ts'
import type { AccessRequest, Leaf } from '../../access-requests/index.ts'
import { ALLOWANCE_LIMITS, type Choice } from './allowance.ts'
import { readChoice } from './choice.ts'
import { operatorsFor, type PatternMode } from './pattern.ts'

/**
 * Form fields for one argument, and the conditions that it can get. `text` comes with `at_most` and
 * `starts`.
 */
export interface PartField {
  readonly leaf: Leaf
  readonly hows: readonly PatternMode[]
  /** Names of its fields. */
  readonly how: string
  readonly text: string
}

export function partFields(inspected: readonly Leaf[]): PartField[] {
  return inspected.map((leaf, i) => ({
    leaf,
    hows: operatorsFor(leaf.kind),
    how: `how-${i}`,
    text: `text-${i}`,
  }))
}

/** Scopes and lifetimes, in the order of how much it is. */
export const SCOPES = {
  task: { tie: 'task', lifeSeconds: null },
  'task-hour': { tie: 'task', lifeSeconds: HOUR_SECONDS },
  'agent-hour': { tie: 'agent', lifeSeconds: HOUR_SECONDS },
  'agent-8-hours': { tie: 'agent', lifeSeconds: 28_800 },
  'agent-day': { tie: 'agent', lifeSeconds: DAY_SECONDS },
  'agent-week': { tie: 'agent', lifeSeconds: ALLOWANCE_LIMITS.life.most },
} as const satisfies Record<string, Pick<Choice, 'tie' | 'lifeSeconds'>>
export type ScopeName = keyof typeof SCOPES

function scopeOf(name: string | undefined): Pick<Choice, 'tie' | 'lifeSeconds'> {
  const known = Object.entries(SCOPES).find(([scope]) => scope === name)
  if (!known) throw new Problem('allowance.bad_choice', 'the scope or the lifetime is missing')
  return known[1]
}

/**
 * Reads the choice that a form asks for, and checks it against the request.
 * @throws Problem `allowance.bad_choice`
 */
export function choiceFromFields(
  request: AccessRequest,
  fields: ReadonlyMap<string, string>,
): Choice {
  const uses = (fields.get('uses') ?? '').trim()
  return readChoice(request, {
    ...scopeOf(fields.get('scope')),
    uses: fields.get('often') === 'needed' ? null : /^\d{1,3}$/.test(uses) ? Number(uses) : uses,
    pattern: partFields(request.inspected ?? []).map(({ how, leaf, text }) =>
      partOf(leaf.path, fields.get(how), fields.get(text)?.trim()),
    ),
  })
}

function partOf(path: string, how: string | undefined, text: string | undefined) {
  return how === 'at_most' || how === 'starts' ? { path, how, text } : { path, how }
}

/** A choice as a hidden field carries it from the page that spells it out. Exact values are in the request. */
export function choiceText({ lifeSeconds, pattern, tie, uses }: Choice): string {
  const parts = pattern.map((part) =>
    partOf(part.path, part.how, 'text' in part ? part.text : undefined),
  )
  return JSON.stringify({ tie, uses, lifeSeconds, pattern: parts })
}

/**
 * Parses the text of `choiceText`. The value is still unchecked: `answerRequest` reads it.
 * @throws Problem `allowance.bad_choice`
 */
export function choiceFromText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('allowance.bad_choice', 'the choice is not valid')
  }
}
