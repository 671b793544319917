import { idOf } from '../policy-id.ts'
import { positionAt, splitPolicies } from '../policy-text.ts'

/** The line that each rule begins in, by its id. */
export function idsAt(text: string): ReadonlyMap<string, number> {
  return new Map(
    splitPolicies(text).map((piece) => [
      idOf(piece.text) ?? '',
      positionAt(text, piece.start).line,
    ]),
  )
}
