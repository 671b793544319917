import type { Statements } from '../portable-sql.ts'

/** Tables of tokens, and of what `oidc-provider` stores. */
export const tokens: Statements = ({ bytes, integer, table, text }) => [
  table(
    'bearer_tokens',
    `digest ${text} NOT NULL PRIMARY KEY, id ${text} NOT NULL, task_id ${text} NOT NULL,
     resource ${text} NOT NULL, epochs ${text} NOT NULL, details ${text} NOT NULL,
     issued_at ${integer} NOT NULL, expires_at ${integer} NOT NULL, thumbprint ${text},
     scope ${text}`,
  ),
  'CREATE INDEX bearer_tokens_by_expiry ON bearer_tokens (expires_at)',
  table(
    'refresh_tokens',
    `digest ${text} NOT NULL PRIMARY KEY, task_id ${text} NOT NULL, client_id ${text} NOT NULL,
     resource ${text} NOT NULL, scope ${text}, issued_at ${integer} NOT NULL,
     expires_at ${integer} NOT NULL, used_at ${integer},
     bound_to ${text} NOT NULL CHECK (bound_to IN ('client', 'key')),
     successor ${bytes}`,
  ),
  'CREATE INDEX refresh_tokens_by_task ON refresh_tokens (task_id)',
  'CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)',
  table(
    'oidc_payloads',
    `model ${text} NOT NULL, id ${text} NOT NULL, payload ${text} NOT NULL, grant_id ${text},
     user_code ${text}, uid ${text}, consumed_at ${integer}, expires_at ${integer},
     PRIMARY KEY (model, id)`,
  ),
  'CREATE INDEX oidc_payloads_by_grant ON oidc_payloads (grant_id) WHERE grant_id IS NOT NULL',
  'CREATE INDEX oidc_payloads_by_uid ON oidc_payloads (model, uid) WHERE uid IS NOT NULL',
  `CREATE INDEX oidc_payloads_by_user_code ON oidc_payloads (model, user_code)
     WHERE user_code IS NOT NULL`,
  'CREATE INDEX oidc_payloads_by_expiry ON oidc_payloads (expires_at) WHERE expires_at IS NOT NULL',
]
