/**
 * Headers of the caller that are decided, shown and hashed with a call, lower-case names. Remit's
 * gateway forwards no others.
 */
export const DECIDED_HEADERS = [
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'prefer',
] as const

/** Reads those of a request that are there, in the order of the list. */
export function decidedHeaders(
  headers: Pick<ReadonlyMap<string, string>, 'get'>,
): readonly (readonly [name: string, value: string])[] {
  return DECIDED_HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
}
