import { type TArray, type TSchema, Type } from 'typebox'

/** Of a list that can be long, at most. */
const MAX = 1000

/** A part of the query of a list that one goes along page by page. */
export const PageQuery = {
  limit: Type.Optional(
    Type.String({
      pattern: '^(?:[1-9]\\d{0,2}|1000)$',
      description: 'at most this many, 1000 when left out',
    }),
  ),
  after: Type.Optional(
    Type.String({ maxLength: 64, description: 'id of the last one of the page before' }),
  ),
}
export type PageQuery = { [Member in keyof typeof PageQuery]?: string }

/** The answer: `name` holds the items. */
export function along<const N extends string, S extends TSchema>(name: N, schema: S) {
  const members = { [name]: Type.Array(schema) } as Record<N, TArray<S>> // a computed key loses its literal type
  return Type.Object({
    ...members,
    more: Type.Boolean({ description: 'there are others behind these: ask `after` the last' }),
  })
}

/** One more is looked for than is shown, so that whoever asks knows whether to go on. */
export async function pageOf<T>(
  { limit }: PageQuery,
  find: (limit: number) => Promise<readonly T[]>,
): Promise<{ items: readonly T[]; more: boolean }> {
  const most = limit === undefined ? MAX : Number(limit)
  const found = await find(most + 1)
  return { items: found.slice(0, most), more: found.length > most }
}
