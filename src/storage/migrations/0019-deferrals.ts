import type { Migration } from './migration.ts'

/** Token requests that somebody has to answer first, whichever protocol they wait by. */
export const deferrals: Migration = {
  version: 19,
  name: 'deferrals',
  statements: ({ bytes, integer, table, text }) => [
    table(
      'deferrals',
      `digest ${text} NOT NULL PRIMARY KEY, flow ${text} NOT NULL CHECK (flow IN ('deferred', 'ciba', 'device')),
       agent_id ${text} NOT NULL, thumbprint ${text}, person_id ${text}, consent_id ${text} REFERENCES consent_requests (id),
       request ${text} NOT NULL, request_hash ${text} NOT NULL, code ${bytes} NOT NULL,
       state ${text} NOT NULL CHECK (state IN ('pending', 'redeemed', 'cancelled')), task_id ${text},
       pause ${integer} NOT NULL, polled_at ${integer}, user_code ${text} UNIQUE,
       notify_at ${text}, notify_token ${bytes}, notified_at ${integer},
       created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX deferrals_by_request ON deferrals (agent_id, request_hash)',
    'CREATE INDEX deferrals_by_consent ON deferrals (consent_id)',
    'CREATE INDEX deferrals_by_end ON deferrals (expires_at)',
    "CREATE INDEX deferrals_to_tell ON deferrals (created_at) WHERE notify_at IS NOT NULL AND notified_at IS NULL AND state = 'pending'",
    // Of a question that the agent put itself (CIBA, device code): by which way, and in which words.
    `ALTER TABLE consent_requests ADD COLUMN asked_by ${text}`,
    `ALTER TABLE consent_requests ADD COLUMN message ${text}`,
    `ALTER TABLE consent_requests ADD COLUMN asked_from ${text}`,
    'CREATE INDEX consent_requests_asked ON consent_requests (person_id, created_at) WHERE asked_by IS NOT NULL',
    `ALTER TABLE consent_requests ADD COLUMN auth_time ${integer}`,
    // What a client asks for at the authorization endpoint by details, and whether it lets the answer be deferred.
    `ALTER TABLE authorizations ADD COLUMN asked_details ${text}`,
    `ALTER TABLE authorizations ADD COLUMN may_defer ${integer} NOT NULL DEFAULT 0`,
    // What a refresh token was answered with, sealed, for some seconds.
    table(
      'refresh_answers',
      `digest ${text} NOT NULL PRIMARY KEY, request_hash ${text} NOT NULL, answer ${bytes} NOT NULL, next ${text},
       ends_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX refresh_answers_by_end ON refresh_answers (ends_at)',
    // Where an agent wants to be told that a question of its was answered.
    `ALTER TABLE agents ADD COLUMN notify_at ${text}`,
  ],
}
