import { idOf } from '../policy-id.ts'
import { positionsAt, splitPolicies } from '../policy-text.ts'
import { isLink, templateOf } from '../templates/link-text.ts'

/** The line that each rule begins in, by its id; of a link, that of its template. */
export function idsAt(text: string): ReadonlyMap<string, number> {
  const pieces = splitPolicies(text)
  const templates = new Map(pieces.map((piece, i) => [idOf(piece.text), i]))
  const places = positionsAt(
    text,
    pieces.map(({ start }) => start),
  )
  return new Map(
    pieces.map((piece, i) => {
      const at = isLink(piece.text) ? templates.get(templateOf(piece.text)) : i
      return [idOf(piece.text) ?? '', places[at ?? i]?.line ?? 1]
    }),
  )
}
