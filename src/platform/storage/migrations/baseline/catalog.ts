import type { Statements } from '../portable-sql.ts'

/** Tables of the catalog, and of the connections to its resources. */
export const catalog: Statements = ({ bytes, integer, table, text }) => [
  table(
    'resources',
    `name ${text} NOT NULL PRIMARY KEY, identifier ${text} NOT NULL UNIQUE,
     title ${text} NOT NULL, mode ${text} NOT NULL CHECK (mode IN ('gateway', 'direct')),
     upstream ${text} NOT NULL, trusted ${integer} NOT NULL CHECK (trusted IN (0, 1)),
     connection ${text}, document_digest ${text} NOT NULL, status ${text} NOT NULL,
     created_at ${integer} NOT NULL, updated_at ${integer} NOT NULL,
     protocol ${text} NOT NULL CHECK (protocol IN ('http', 'mcp', 'a2a', 'graphql')), server ${text},
     mappings_trusted ${integer} NOT NULL CHECK (mappings_trusted IN (0, 1)),
     token_form ${text} NOT NULL CHECK (token_form IN ('jwt', 'opaque')),
     subjects ${text} NOT NULL CHECK (subjects IN ('public', 'pairwise')),
     server_asks ${text} NOT NULL
       CHECK (server_asks IN ('nothing', 'sampling', 'roots', 'both')),
     shows ${text} NOT NULL CHECK (shows IN ('callable', 'requestable')),
     members ${text}, alike ${text}, owners ${text}`,
  ),
  'CREATE INDEX resources_by_connection ON resources (connection) WHERE connection IS NOT NULL',
  table(
    'actions',
    `resource ${text} NOT NULL REFERENCES resources (name), name ${text} NOT NULL PRIMARY KEY,
     method ${text} NOT NULL, path ${text} NOT NULL,
     access ${text} NOT NULL CHECK (access IN ('read', 'write')),
     risk ${text} NOT NULL CHECK (risk IN ('low', 'medium', 'high', 'critical')),
     risk_proposed ${integer} NOT NULL CHECK (risk_proposed IN (0, 1)), sentence ${text} NOT NULL,
     arguments ${text} NOT NULL, untyped ${text} NOT NULL, digest ${text} NOT NULL,
     definition ${text}, description ${text}, accepted_at ${integer} NOT NULL,
     accepted_by ${text} NOT NULL, counterparty ${text}, size ${text},
     displays ${text}, preview ${text},
     UNIQUE (resource, method, path)`,
  ),
  table(
    'offered_definitions',
    `action ${text} NOT NULL PRIMARY KEY, resource ${text} NOT NULL REFERENCES resources (name),
     kind ${text} NOT NULL CHECK (kind IN ('changed', 'added')),
     state ${text} NOT NULL CHECK (state IN ('waiting', 'rejected')), definition ${text},
     unreadable ${text}, digest ${text} NOT NULL,
     source ${text} NOT NULL CHECK (source IN ('import', 'server')),
     offered_at ${integer} NOT NULL, offered_by ${text} NOT NULL,
     CHECK ((definition IS NULL) <> (unreadable IS NULL))`,
  ),
  'CREATE INDEX offered_definitions_by_resource ON offered_definitions (resource, kind)',
  // Of APIs with a document. Read where rules and limits are checked, never by a call.
  table('resource_answers', `resource ${text} NOT NULL PRIMARY KEY, shapes ${text} NOT NULL`),
  table(
    'connections',
    `name ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL, header ${text} NOT NULL,
     sealed ${bytes} NOT NULL, created_at ${integer} NOT NULL`,
  ),
]
