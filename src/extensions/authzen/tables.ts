import { columns, ModuleTables, table } from '../../platform/storage/index.ts'

const { integer, json, nullable, sealed, text, time } = columns

/**
 * Tables of AuthZEN. The requests that were submitted are a table of the centre (`evaluation_requests`): each is of an access request,
 * and goes with it.
 */
export const AUTHZEN_TABLES = new ModuleTables({
  policy_only_sets: table('kept', {
    name: text,
    version: integer,
    policies: text,
    schema_text: text,
    entities: text,
    digest: text,
    note: text,
    published_by: text,
    published_at: time,
  }),
  /** Denials at enforcement points that people could lift. */
  evaluation_denials: table('emptied', {
    id: text,
    pep: text,
    binding_hash: text,
    question: json,
    insufficient: json,
    expires_at: time,
  }),
  /** Submissions whose enforcement point was not told yet that they ended. */
  submission_callbacks: table('emptied', {
    id: text,
    pep: text,
    endpoint: text,
    state: nullable(text),
    events: nullable(json),
    attempts: integer,
    next_at: time,
    expires_at: time,
  }),
  /** Addresses at which enforcement points are told. */
  client_callbacks: table('kept', {
    client_id: text,
    url: text,
    /** Secret of the signature. */
    sealed,
    created_by: text,
    created_at: time,
  }),
})
