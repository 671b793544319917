import type { Migration } from './migration.ts'

/** Access requests that enforcement points of others make about what they were denied (AuthZEN ARAP). */
export const evaluationRequests: Migration = {
  version: 10,
  name: 'evaluation requests',
  statements: ({ integer, table, text }) => [
    // Under the id of the evaluation. What people would be asked is fixed here, so that nobody can ask for something else.
    table(
      'evaluation_denials',
      `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL, binding_hash ${text} NOT NULL, question ${text} NOT NULL,
       insufficient ${text} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX evaluation_denials_by_end ON evaluation_denials (expires_at)',
    // One for each submission. Several can be of the same access request.
    table(
      'evaluation_requests',
      `id ${text} NOT NULL PRIMARY KEY, pep ${text} NOT NULL, evaluation_id ${text} NOT NULL, binding_hash ${text} NOT NULL,
       request_id ${text} NOT NULL REFERENCES access_requests (id), approval_id ${text} NOT NULL UNIQUE, requested_until ${integer},
       idempotency_key ${text}, body_digest ${text} NOT NULL, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE UNIQUE INDEX evaluation_requests_by_key ON evaluation_requests (pep, idempotency_key)',
    'CREATE INDEX evaluation_requests_by_end ON evaluation_requests (expires_at)',
  ],
}
