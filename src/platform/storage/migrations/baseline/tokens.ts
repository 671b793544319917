import type { Statements } from '../portable-sql.ts'

/** Tables of tokens, and of what OAuth keeps between two requests. */
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
    'protocol_records',
    `kind ${text} NOT NULL, id ${text} NOT NULL, payload ${text} NOT NULL, consumed_at ${integer},
     expires_at ${integer}, PRIMARY KEY (kind, id)`,
  ),
  `CREATE INDEX protocol_records_by_expiry ON protocol_records (expires_at)
     WHERE expires_at IS NOT NULL`,
]
