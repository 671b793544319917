import type { Statements } from '../portable-sql.ts'

/** Tables of machine clients. */
export const clients: Statements = ({ bytes, integer, table, text }) => [
  // INVARIANT: a name is given once.
  table(
    'clients',
    `id ${text} NOT NULL PRIMARY KEY,
     kind ${text} NOT NULL CHECK (kind IN ('enforcer', 'introspector', 'pep', 'signal-source', 'surface')),
     target ${text}, settings ${text} NOT NULL, created_by ${text} NOT NULL,
     created_at ${integer} NOT NULL, last_used_at ${integer}, removed_at ${integer},
     CHECK ((target IS NOT NULL) = (kind IN ('enforcer', 'surface')))`,
  ),
  'CREATE INDEX clients_by_target ON clients (target) WHERE target IS NOT NULL',
  // A secret is stored as its digest, a key as its public half.
  table(
    'client_credentials',
    `id ${text} NOT NULL PRIMARY KEY, client_id ${text} NOT NULL REFERENCES clients (id),
     kind ${text} NOT NULL CHECK (kind IN ('secret', 'key')), digest ${text} NOT NULL UNIQUE,
     jwk ${text}, kid ${text}, created_by ${text} NOT NULL, created_at ${integer} NOT NULL,
     last_used_at ${integer}, ends_at ${integer}, CHECK ((kind = 'key') = (jwk IS NOT NULL))`,
  ),
  'CREATE INDEX client_credentials_by_client ON client_credentials (client_id)',
  // The one address at which a client is told, and the secret that messages to it are signed with.
  table(
    'client_callbacks',
    `client_id ${text} NOT NULL PRIMARY KEY REFERENCES clients (id), url ${text} NOT NULL,
     sealed ${bytes} NOT NULL, created_by ${text} NOT NULL, created_at ${integer} NOT NULL`,
  ),
]
