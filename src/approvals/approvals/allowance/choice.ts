import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { MAX_SHOWN } from '../../../platform/lib/text/visible.ts'
import type { AccessRequest, Leaf } from '../../access-requests/index.ts'
import { ALLOWANCE_LIMITS, type Choice } from './allowance.ts'
import { operatorsFor, type PatternMode, type PatternPart, partAdmits } from './pattern.ts'

/**
 * Tells why a request can only be answered for once, in words; `undefined` when more can be chosen.
 */
export function onlyOnce(request: AccessRequest): string | undefined {
  if (request.risk === 'critical') return 'a critical call is looked at each time'
  if (request.ask.once)
    return 'the program proves no key, so its calls of high risk are looked at each time'
  if (request.call.length > MAX_SHOWN)
    return 'this call is too long to be shown on a page as a whole'
  if (request.inspected === null)
    return 'parts of this call have no type, so nothing can be said about the next one'
  return undefined
}

/**
 * Reads what an approver chose, strictly, against the request it answers: `{tie, uses, lifeSeconds, pattern: [{path,
 * how, text?}]}`. What `is` means is never taken from outside, and the request is always inside the pattern.
 * @throws Problem `allowance.bad_choice`
 */
export function readChoice(request: AccessRequest, value: unknown): Choice {
  const why = onlyOnce(request)
  if (why !== undefined || request.inspected === null) throw badAllowanceChoice(why ?? '')
  const { tie, uses, lifeSeconds, pattern } = choiceMembers(value, 'the choice', [
    'tie',
    'uses',
    'lifeSeconds',
    'pattern',
  ])
  if (tie !== 'task' && tie !== 'agent')
    throw badAllowanceChoice('the scope is neither `task` nor `agent`')
  if (tie === 'agent' && lifeSeconds === null)
    throw badAllowanceChoice('an allowance for more than one task needs an end')
  const { life, uses: count } = ALLOWANCE_LIMITS
  const parts = Array.isArray(pattern) ? Array.from<unknown>(pattern) : []
  if (parts.length !== request.inspected.length)
    throw badAllowanceChoice('the pattern does not mention every argument')
  return {
    tie,
    uses: wholeOrNull(uses, count, 'times'),
    lifeSeconds: wholeOrNull(lifeSeconds, life, 'seconds'),
    pattern: request.inspected.map((leaf, i) => partFrom(leaf, parts[i])),
  }
}

function partFrom(leaf: Leaf, value: unknown): PatternPart {
  const { path, how, text } = choiceMembers(value, 'an argument', ['path', 'how', 'text', 'kind'])
  const known: readonly unknown[] = operatorsFor(leaf.kind)
  if (path !== leaf.path || !known.includes(how))
    throw badAllowanceChoice(`this bound is not possible for ${leaf.path}`)
  if (how === 'any') return { path: leaf.path, kind: leaf.kind, how }
  const part =
    how === 'is'
      ? { ...leaf, how: 'is' as const }
      : { ...leaf, how: how as 'at_most' | 'starts', text: textField(text) } // as: all other hows are excluded
  const empty = part.how === 'starts' && part.text === ''
  if (empty || !partAdmits(part, leaf)) throw badAllowanceChoice(outside(leaf, part.how))
  return part
}

function textField(text: unknown): string {
  return typeof text === 'string' && text.length <= 1024 && text.isWellFormed() ? text : ''
}

function outside({ kind, path, text }: Leaf, how: PatternMode): string {
  if (how === 'at_most') return `${path} has to be at most a ${kind} that is not less than ${text}`
  if (how === 'is') return `${path} is no value that could be compared`
  const end = kind === 'path' ? ', and end in a slash' : ''
  return `${path} has to start with a beginning of ${text}${end}`
}

function wholeOrNull(
  value: unknown,
  { least, most }: { least: number; most: number },
  unit: string,
): number | null {
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw badAllowanceChoice(`it must be ${least} to ${most} ${unit}`)
  return value
}

function choiceMembers(
  value: unknown,
  what: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badAllowanceChoice(`${what} is not valid`)
  const members = new Map<string, unknown>(Object.entries(value))
  for (const name of members.keys())
    if (!known.includes(name)) throw badAllowanceChoice(`${what} is not valid`)
  return Object.fromEntries(members)
}

function badAllowanceChoice(detail: string): Problem {
  return new Problem('allowance.bad_choice', detail)
}

/** Tells whether these people chose the same: only then is it an allowance of all of them. */
export function sameChoice(choices: readonly (Choice | null)[]): Choice | undefined {
  const [first] = choices
  if (!first) return undefined
  const text = canonicalJson(first)
  return choices.every((choice) => choice !== null && canonicalJson(choice) === text)
    ? first
    : undefined
}

/** Computes when an allowance given now ends: never after the task it is tied to. */
export function choiceEnds(request: AccessRequest, choice: Choice, answeredAt: number): number {
  const end =
    choice.lifeSeconds === null ? request.deadline : answeredAt + choice.lifeSeconds * 1000
  return choice.tie === 'task' ? Math.min(end, request.deadline) : end
}
