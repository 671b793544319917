import type { Migration } from './migration.ts'

/** Whom each access request that waits may be answered by, so that somebody's are found among everybody's. */
export const askedPeople: Migration = {
  version: 38,
  name: 'asked-people',
  statements: ({ bytes, integer, table, text }) => [
    // As rules name them: `group:finance`, `person:psn_…`. Of requests that wait, and of no others.
    table(
      'asked_people',
      `name ${text} NOT NULL, created_at ${integer} NOT NULL,
       request_id ${text} NOT NULL REFERENCES access_requests (id), PRIMARY KEY (name, created_at, request_id)`,
      'clustered',
    ),
    'CREATE INDEX asked_people_by_request ON asked_people (request_id)',
    bytes === 'BLOB' ? SQLITE : POSTGRES,
  ],
}

const SQLITE = `INSERT INTO asked_people (name, created_at, request_id)
  SELECT DISTINCT named.value, waiting.created_at, waiting.id
  FROM access_requests AS waiting, json_each(waiting.ask, '$.ask.approvers') AS rule, json_each(rule.value) AS named
  WHERE waiting.state = 'pending'`

const POSTGRES = `INSERT INTO asked_people (name, created_at, request_id)
  SELECT DISTINCT named.value, waiting.created_at, waiting.id
  FROM access_requests AS waiting, jsonb_array_elements(waiting.ask::jsonb #> '{ask,approvers}') AS rule (value),
    jsonb_array_elements_text(rule.value) AS named (value)
  WHERE waiting.state = 'pending'`
