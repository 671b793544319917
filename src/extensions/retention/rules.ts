/** Rules that can be set, each for one class; that of arguments is for inputs and notices, too. */
export const RULES = [
  'arguments',
  'strangers',
  'notices',
  'permits',
  'refusals',
  'requests',
  'tasks',
] as const

/** Classes of kept rows, in the order in which they are swept. */
export const CLASSES = ['arguments', 'inputs', ...RULES.slice(1)] as const

export type RuleName = (typeof RULES)[number]
export type ClassName = RuleName | 'inputs'

/** Days for which each class is kept. 0: for ever. */
export type RetentionRules = Readonly<Record<RuleName, number>>

export const DAY_MS = 86_400_000

/** Days for which a class is kept; `undefined`: for ever. */
export function daysOf(rules: RetentionRules, name: ClassName): number | undefined {
  if (name === 'inputs') return rules.arguments || undefined
  if (name !== 'notices') return rules[name] || undefined
  // A notice says what the arguments were.
  const set = [rules.arguments, rules.notices].filter((days) => days > 0)
  return set.length > 0 ? Math.min(...set) : undefined
}
