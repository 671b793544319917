import { MAX_ITEMS } from '../operation-kit/schemas.ts'

/** Query of a list that is read page by page. */
export interface PageOfList {
  readonly limit?: string
  /** Id of the last one of the page before. */
  readonly after?: string
}

/** One more is looked for than is shown, so that the caller knows whether to go on. */
export async function pageOf<T>(
  { limit }: PageOfList,
  find: (limit: number) => Promise<readonly T[]>,
): Promise<{ items: readonly T[]; more: boolean }> {
  const most = limit === undefined ? MAX_ITEMS : Number(limit)
  const found = await find(most + 1)
  return { items: found.slice(0, most), more: found.length > most }
}
