/** JSON with integers that no JavaScript number holds, as `bigint`. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

export type JsonObject = { readonly [name: string]: Json }

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object from its members. None of them is special, not even `__proto__`. */
export function object(members: Iterable<readonly [string, Json]>): JsonObject {
  return Object.fromEntries(members)
}

/**
 * Copies a value with every bigint as raw JSON text, for programs that call `JSON.stringify`
 * themselves.
 */
export function raw(value: Json): Json {
  if (typeof value === 'bigint') return rawJson(String(value))
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(raw)
  return object(Object.entries(value).map(([name, member]) => [name, raw(member)]))
}

export function print(value: Json, space?: number): string {
  return JSON.stringify(raw(value), undefined, space)
}

/** Integers beyond what a number holds exactly become bigint. */
export function parse(text: string): Json {
  return JSON.parse(text, (_name, value: Json, context?: { source?: string }) => {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value))
      return value
    return /^-?[0-9]+$/.test(source) ? BigInt(source) : value
  })
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): Json } // as: in Node 24, not yet in TypeScript's lib
