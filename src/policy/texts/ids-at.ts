import { idOf } from '../policy-id.ts'
import { positionsAt, splitPolicies } from '../policy-text.ts'

/** The line that each rule begins in, by its id. */
export function idsAt(text: string): ReadonlyMap<string, number> {
  const pieces = splitPolicies(text)
  const places = positionsAt(
    text,
    pieces.map(({ start }) => start),
  )
  return new Map(pieces.map((piece, i) => [idOf(piece.text) ?? '', places[i]?.line ?? 1]))
}
