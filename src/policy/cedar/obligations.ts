import { type Obligation, STEP_UP, type StepUp } from '@remit/engine'
import { isId, isName } from '../../platform/lib/id.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { DAY_SECONDS } from '../../platform/lib/time-units.ts'

/**
 * Readers of the obligations of a permit, by annotation:
 *
 * - `@redact("/card/number /email")`: these parts of the answer are not told. `@hash(…)`: told as a
 *   keyed digest.
 * - `@cap("/items 100")`: of this list, the first so many.
 * - `@notify("group:finance, person:psn_…")`: they are told of the call.
 * - `@step_up("acr another-acr max_age=PT15M")`: the person has proved who they are in one of these
 *   ways, and not longer ago.
 * - `@obligation("https://… words")`: anything else, by the URI that enforcement points know it by.
 */
const READERS: Readonly<Record<string, Reader>> = {
  redact: (value) => readPaths(value),
  hash: (value) => readPaths(value),
  cap: readCap,
  notify: readNotify,
  step_up: readStepUp,
  obligation: readCustom,
}

export const OBLIGATION_ANNOTATIONS: readonly string[] = Object.keys(READERS)

type ObligationResult =
  | { readonly type?: string; readonly properties: Obligation['properties'] }
  | { readonly mistake: string }
type Reader = (value: string) => ObligationResult

/**
 * The obligations of one policy. A forbid has none: what it obliged to would depend on a call that is not made, and a permit that
 * asks for a step-up says the same.
 */
export function readObligations(
  id: string,
  effect: 'permit' | 'forbid',
  annotations: Readonly<Record<string, string | null>>,
  mistakes: string[],
): readonly Obligation[] {
  const obligations: Obligation[] = []
  for (const [name, read] of Object.entries(READERS)) {
    if (!(name in annotations)) continue
    const found = read(annotations[name] ?? '')
    if (effect === 'forbid') mistakes.push(`\`@${name}\` belongs to a permit`)
    else if ('mistake' in found) mistakes.push(`\`@${name}\`: ${found.mistake}`)
    else obligations.push({ id: `${id}#${name}`, type: name, ...found })
  }
  return obligations
}

const MAX_PATHS = 64
/** JSON Pointer (RFC 6901), never the whole. `*` is every item or member. */
const POINTER = /^(?:\/(?:[^~/\s]|~[01])+)+$/u

function readPaths(value: string): ObligationResult {
  const paths = value.split(' ').filter((part) => part !== '')
  const wrong = paths.find((path) => !isPath(path))
  if (wrong !== undefined) return { mistake: `\`${visible(wrong)}\` is not a JSON Pointer` }
  if (paths.length === 0 || paths.length > MAX_PATHS)
    return { mistake: `1 to ${MAX_PATHS} JSON Pointers, separated by spaces` }
  return { properties: { paths: [...new Set(paths)].join(' ') } }
}

function isPath(text: string): boolean {
  return text.length <= 256 && POINTER.test(text) && visible(text) === text
}

function readCap(value: string): ObligationResult {
  const [path = '', most = '', ...more] = value.split(' ').filter((part) => part !== '')
  if (!isPath(path) || !/^[1-9]\d{0,5}$/.test(most) || more.length > 0)
    return { mistake: 'a JSON Pointer to a list, and how many at most: `/items 100`' }
  return { properties: { path, most } }
}

function readNotify(value: string): ObligationResult {
  const names = value.split(',').map((name) => name.trim())
  const isOne = (name: string) => {
    const [kind, rest] = name.split(':', 2)
    const fits = kind === 'group' ? isName(rest) : kind === 'person' && isId('person', rest)
    return fits && name === `${kind}:${rest}`
  }
  if (!names.every(isOne) || names.length > 16)
    return { mistake: 'up to 16 of `group:name` and `person:psn_…`, separated by commas' }
  return { properties: { to: [...new Set(names)].join(' ') } }
}

function readStepUp(value: string): ObligationResult {
  const wanted = parseStepUp(value)
  if (!wanted) return { mistake: STEP_UP_WORDS }
  const { acrValues, maxAgeSeconds } = wanted
  return {
    type: STEP_UP,
    properties: {
      ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
      ...(maxAgeSeconds === null ? {} : { max_age: String(maxAgeSeconds) }),
    },
  }
}

export const STEP_UP_WORDS = '`acr` values, and `max_age=PT15M` at most once'

/** `mfa phr max_age=PT15M`; `undefined` when it is not that. */
export function parseStepUp(value: string): StepUp | undefined {
  const parts = value.split(' ').filter((part) => part !== '')
  const ages = parts.filter((part) => part.startsWith('max_age='))
  const ways = parts.filter((part) => !part.startsWith('max_age='))
  const seconds = ages.map((part) => secondsOf(part.slice('max_age='.length)))
  const [maxAge] = seconds
  if (
    parts.length === 0 ||
    ages.length > 1 ||
    (ages.length === 1 && maxAge === undefined) ||
    !ways.every((way) => /^[\x21\x23-\x5B\x5D-\x7E]{1,255}$/.test(way))
  )
    return undefined
  return { acrValues: [...new Set(ways)], maxAgeSeconds: maxAge ?? null }
}

function readCustom(value: string): ObligationResult {
  const [type = '', ...words] = value.trim().split(' ')
  const isUri = /^(?:https:\/\/|urn:)[\x21-\x7e]{1,200}$/.test(type)
  const text = words.join(' ').trim()
  if (!isUri || text.length > 400 || visible(text) !== text)
    return { mistake: 'a URI (`https://…` or `urn:…`), then up to 400 visible characters' }
  return { type, properties: text === '' ? {} : { value: text } }
}

const MAX_SECONDS = DAY_SECONDS

/** ISO 8601 durations of days and below; `undefined` for none, zero, or more than a day. */
export function secondsOf(duration: string): number | undefined {
  const match =
    /^P(?=.)(?:(\d{1,2})D)?(?:T(?=.)(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?$/.exec(duration)
  if (!match) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  const total = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
  return total > 0 && total <= MAX_SECONDS ? total : undefined
}
