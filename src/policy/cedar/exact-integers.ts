import type { PolicyToJsonAnswer } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyJson } from '@remit/engine'
import { cedarWasm } from './cedar-wasm.ts'

/** A string, a comment, a name, or an integer. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|[A-Za-z_][A-Za-z0-9_]*|[0-9]+/gs
const MAX = 2n ** 63n - 1n

export type ParsedJson =
  | { readonly type: 'success'; readonly json: AnnotatedJson }
  | Extract<PolicyToJsonAnswer, { type: 'failure' }>

export type AnnotatedJson = Omit<PolicyJson, 'annotations'> & { readonly annotations?: Annotations }

type Annotations = Readonly<Record<string, string | null>>

/**
 * Cedar's JSON form of one policy, with its integers as they were written. The evaluator hands integers out as JavaScript numbers, so
 * those beyond 2^53 would be rounded: it is given a stand-in for each, of the same length, and the integer takes its place again.
 */
export function policyToJson(text: string): ParsedJson {
  return toJson(text, (replaced) => cedarWasm().policyToJson(replaced))
}

/** Converts one template to Cedar's JSON form as `policyToJson` converts a policy. */
export function templateToJson(text: string): ParsedJson {
  return toJson(text, (replaced) => cedarWasm().templateToJson(replaced))
}

function toJson(text: string, parse: (replaced: string) => PolicyToJsonAnswer): ParsedJson {
  const { standIns, replaced } = withStandIns(text)
  const answer = parse(replaced)
  if (answer.type !== 'success') return answer
  const tooLarge = putBack(answer.json, standIns)
  if (tooLarge === undefined) return answer
  const message = `integer literal \`${tooLarge}\` is too large`
  const none = { help: null, code: null, url: null, severity: null }
  return { type: 'failure', errors: [{ message, ...none }] }
}

type StandIns = ReadonlyMap<number, bigint>

function withStandIns(text: string): { readonly standIns: StandIns; readonly replaced: string } {
  const large = (digits: string) => digits.length >= 16 && !Number.isSafeInteger(Number(digits))
  const written = Array.from(text.matchAll(TOKENS), ([token]) => token)
  const integers = written.filter((token) => /^[0-9]/.test(token))
  if (!integers.some(large)) return { standIns: new Map(), replaced: text }
  const taken = new Set(integers.map(Number))
  const standIns = new Map<number, bigint>()
  let next = 1_000_000
  const replaced = text.replace(TOKENS, (token) => {
    if (!/^[0-9]/.test(token) || !large(token)) return token
    do next++
    while (taken.has(next))
    standIns.set(next, BigInt(token))
    // Of the same length, so that places in messages stay what they are.
    return String(next).padStart(token.length, '0')
  })
  return { standIns, replaced }
}

/** Changes `json`. The integer that fits no 64 bits, if there is one. */
function putBack(json: object, standIns: StandIns): bigint | undefined {
  if (standIns.size === 0) return undefined
  const todo: object[] = [json]
  while (todo.length > 0) {
    const here = todo.pop()
    for (const [name, value] of Object.entries(here ?? {})) {
      if (typeof value === 'object' && value !== null) todo.push(value)
      const integer = typeof value === 'number' ? standIns.get(Math.abs(value)) : undefined
      if (integer === undefined) continue
      const signed = value < 0 ? -integer : integer
      if (signed > MAX || signed < -MAX - 1n) return integer
      Reflect.set(here ?? {}, name, signed)
    }
  }
  return undefined
}

/** JSON text in which integers stay exact, also those beyond 2^53. */
export function exactJson(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === 'bigint' ? rawJson(String(member)) : member,
  )
}

/** Reads text that `exactJson` wrote: integers beyond 2^53 are `bigint`. */
export function readExactJson(text: string): unknown {
  return readWith(text, BigInt)
}

/**
 * Reads text that `exactJson` wrote, for cedar-wasm, which reads JSON text: integers beyond 2^53
 * are such text.
 */
export function readForWasm(text: string): unknown {
  return readWith(text, rawJson)
}

function readWith(text: string, large: (source: string) => unknown): unknown {
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? large(source ?? '') : value,
  )
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown } // as: in Node 24, not yet in TypeScript's lib
