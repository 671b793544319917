import { type ExactJson, ExactNumber } from '../exact-json.ts'

/** Prints JSON as Remit writes it: members in their order, numbers as they were. */
export function printExactJson(value: ExactJson): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.text
  if (isList(value)) return `[${value.map(printExactJson).join(',')}]`
  const members = Array.from(
    value,
    ([name, member]) => `${JSON.stringify(name)}:${printExactJson(member)}`,
  )
  return `{${members.join(',')}}`
}

export function isList(value: ExactJson): value is readonly ExactJson[] {
  return Array.isArray(value)
}

/** RFC 6901. */
export function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export function isPlace(step: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(step)
}

/**
 * Changes what a path names. `*` is every item or member, and a name that meets a list means each of its items: what a rule names does
 * not get away because the API puts several of it where there was one.
 */
export function changeAt(
  value: ExactJson,
  steps: readonly string[],
  change: (value: ExactJson) => ExactJson,
): ExactJson {
  const [step, ...rest] = steps
  if (step === undefined) return change(value)
  if (isList(value)) {
    if (step === '*') return value.map((item) => changeAt(item, rest, change))
    if (!isPlace(step)) return value.map((item) => changeAt(item, steps, change))
    return value.map((item, i) => (i === Number(step) ? changeAt(item, rest, change) : item))
  }
  if (!(value instanceof Map)) return value
  return new Map(
    Array.from(value, ([name, member]: [string, ExactJson]) => [
      name,
      step === '*' || step === name ? changeAt(member, rest, change) : member,
    ]),
  )
}
