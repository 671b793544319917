import type { Migration } from './migration.ts'

/**
 * Who is asked, with all that lists and counts need: whose agent asks, until when, and whom the request is closed to. No list
 * has to look at a request itself to know whether it belongs on it, and what one agent asks one approver is counted.
 */
export const askedAgents: Migration = {
  version: 42,
  name: 'asked-agents',
  statements: ({ bytes, integer, table, text }) => [
    'DROP TABLE asked_people',
    table(
      'asked_people',
      `name ${text} NOT NULL, created_at ${integer} NOT NULL,
       request_id ${text} NOT NULL REFERENCES access_requests (id), agent_id ${text} NOT NULL, expires_at ${integer} NOT NULL,
       barred_person_id ${text}, barred_requester_id ${text}, PRIMARY KEY (name, created_at, request_id)`,
      'clustered',
    ),
    'CREATE INDEX asked_people_by_agent ON asked_people (name, agent_id, created_at, request_id)',
    'CREATE INDEX asked_people_by_request ON asked_people (request_id)',
    'CREATE INDEX access_requests_by_agent ON access_requests (agent_id, state, expires_at)',
    // Pages of a list are in order of time, and of id within a moment.
    'DROP INDEX access_requests_by_person',
    'CREATE INDEX access_requests_by_person ON access_requests (person_id, state, created_at, id)',
    bytes === 'BLOB' ? SQLITE : POSTGRES,
  ],
}

const COLUMNS =
  'name, created_at, request_id, agent_id, expires_at, barred_person_id, barred_requester_id'

const SQLITE = `INSERT INTO asked_people (${COLUMNS})
  SELECT DISTINCT named.value, waiting.created_at, waiting.id, waiting.agent_id, waiting.expires_at,
    CASE WHEN json_extract(waiting.ask, '$.ask.self') THEN NULL ELSE waiting.person_id END,
    CASE WHEN json_extract(waiting.ask, '$.ask.self') THEN NULL ELSE json_extract(waiting.ask, '$.requester') END
  FROM access_requests AS waiting, json_each(waiting.ask, '$.ask.approvers') AS rule, json_each(rule.value) AS named
  WHERE waiting.state = 'pending'`

const POSTGRES = `INSERT INTO asked_people (${COLUMNS})
  SELECT DISTINCT named.value, waiting.created_at, waiting.id, waiting.agent_id, waiting.expires_at,
    CASE WHEN waiting.ask::jsonb #>> '{ask,self}' = 'true' THEN NULL ELSE waiting.person_id END,
    CASE WHEN waiting.ask::jsonb #>> '{ask,self}' = 'true' THEN NULL ELSE waiting.ask::jsonb ->> 'requester' END
  FROM access_requests AS waiting, jsonb_array_elements(waiting.ask::jsonb #> '{ask,approvers}') AS rule (value),
    jsonb_array_elements_text(rule.value) AS named (value)
  WHERE waiting.state = 'pending'`
