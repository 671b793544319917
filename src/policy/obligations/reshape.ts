import { createHmac } from 'node:crypto'
import type { Obligation } from '@remit/engine'
import { isObject, type Json, printJson } from '../../platform/lib/json.ts'

/**
 * Obligations that the gateway can fulfil on an answer that is JSON, before anyone else sees it.
 */
export const RESHAPING: readonly string[] = ['redact', 'hash', 'cap']

/** Maximum bytes of an answer that has to be held whole and read. */
export const MAX_RESHAPED = 1024 * 1024

/** Text that replaces a part that was left out. */
export const REDACTED = '[redacted]'

/**
 * Error for an answer that cannot be changed as policies require. No caller is told such an answer.
 */
export class UnfitAnswer extends Error {}

/** Changes one answer into the one that may be told. @throws Unfit */
export type Reshape = (answer: Json) => Json

/**
 * Combines all changes that a permit obliges to make to an answer into one step; `undefined` when
 * there are none. Lists are cut first, then parts become digests, then parts are removed: a part
 * that two obligations name is treated as the stricter one says.
 * `key`: key of the digests. Equal values have equal digests everywhere in this deployment, and
 * nowhere else.
 */
export function reshapeFor(
  obligations: readonly Obligation[],
  key: () => Uint8Array,
): Reshape | undefined {
  const of = (type: string) => obligations.filter((each) => each.type === type)
  const pathsOf = (type: string) =>
    of(type).flatMap(({ properties }) => (properties.paths ?? '').split(' ').filter(Boolean))
  const changes = [
    ...of('cap').map(({ properties }) =>
      reshapeAt(properties.path ?? '', firstOf(properties.most ?? '')),
    ),
    ...pathsOf('hash').map((path) => reshapeAt(path, digestBy(key()))),
    ...pathsOf('redact').map((path) => reshapeAt(path, () => REDACTED)),
  ]
  if (changes.length === 0) return undefined
  return (answer) => changes.reduce((value, change) => change(value), answer)
}

function firstOf(most: string): Reshape {
  return (value) => {
    if (Array.isArray(value)) return value.slice(0, Number(most))
    if (value === null) return value
    throw new UnfitAnswer('what is to be cut is no list')
  }
}

/** Replaces a value by its digest. Keyed, so that trying likely values does not find one. */
function digestBy(key: Uint8Array): Reshape {
  return (value) =>
    `hmac-sha256:${createHmac('sha256', key).update(printJson(value)).digest('base64url')}`
}

/** Applies a change to the parts that a JSON Pointer names. `*` is every item or member. */
function reshapeAt(pointer: string, change: Reshape): Reshape {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return (value) => follow(value, steps, change)
}

/**
 * Follows the steps of a pointer.
 * INVARIANT: a name that meets a list means each item of it: a part that a rule names must not
 * escape because an API sends a list of it where it sent one.
 */
function follow(value: Json, steps: readonly string[], change: Reshape): Json {
  const [step, ...rest] = steps
  if (step === undefined) return change(value)
  if (Array.isArray(value)) {
    const items: readonly Json[] = value
    if (step === '*') return items.map((item) => follow(item, rest, change))
    if (/^(?:0|[1-9]\d*)$/.test(step))
      return items.map((item, i) => (i === Number(step) ? follow(item, rest, change) : item))
    return items.map((item) => follow(item, steps, change))
  }
  if (!isObject(value)) return value
  return new Map(
    Array.from(value, ([name, member]) => [
      name,
      step === '*' || step === name ? follow(member, rest, change) : member,
    ]),
  )
}
