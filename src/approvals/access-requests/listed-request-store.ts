import { sql } from 'kysely'
import { codec, type Reader } from '../../platform/storage/index.ts'
import { type ListedRequest, MAX_LISTED_TEXT } from './listed-request.ts'

const LISTED = codec(
  'access_requests',
  ...(['call', 'text', 'template_digest', 'ask', 'deadline', 'inspected'] as const),
  ...(['requester_id', 'sponsored', 'nonce', 'answered_at', 'answer_hash'] as const),
  ...(['edited_from', 'edited_to'] as const),
).of<Omit<ListedRequest, 'standsInFor' | 'text'>>()

// One more than is shown tells whether there is more.
const SHORTENED = sql<string>`substr(text, 1, ${sql.lit(MAX_LISTED_TEXT + 1)})`.as('shortened')

/** Begins every statement that lists requests. */
export function selectListedRequests(db: Reader) {
  return db.selectFrom('access_requests').select(LISTED.columns).select(SHORTENED)
}

export function listedOf(
  row: Parameters<typeof LISTED.read>[0] & { readonly shortened: string },
): ListedRequest {
  const characters = [...row.shortened]
  return {
    ...LISTED.read(row),
    text:
      characters.length > MAX_LISTED_TEXT
        ? `${characters.slice(0, MAX_LISTED_TEXT).join('')}…`
        : row.shortened,
  }
}
