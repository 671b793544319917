import type { Statements } from '../portable-sql.ts'

/** Tables of spaces. */
export const spaces: Statements = ({ integer, table, text }) => [
  // INVARIANT: a name is given once, and the parent of a space never changes.
  table(
    'spaces',
    `id ${text} NOT NULL PRIMARY KEY, parent_id ${text} REFERENCES spaces (id),
     kind ${text} NOT NULL CHECK (kind IN ('organization', 'workspace', 'channel', 'direct')),
     title ${text} NOT NULL, mode ${text} CHECK (mode IN ('requester', 'intersection', 'agent')),
     people ${text}, agents ${text}, details ${text},
     status ${text} NOT NULL CHECK (status IN ('active', 'suspended', 'removed')),
     created_by ${text} NOT NULL, created_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX spaces_by_parent ON spaces (parent_id)',
  `CREATE UNIQUE INDEX spaces_root ON spaces (kind)
     WHERE kind = 'organization' AND status <> 'removed'`,
  table(
    'threads',
    `id ${text} NOT NULL PRIMARY KEY, space_id ${text} NOT NULL REFERENCES spaces (id),
     name ${text} NOT NULL, surface_id ${text} NOT NULL REFERENCES clients (id),
     version ${integer} NOT NULL, requester_id ${text}, participants ${text} NOT NULL,
     strangers ${integer} NOT NULL, agents ${text} NOT NULL, stated_at ${integer} NOT NULL,
     ended_at ${integer}, UNIQUE (space_id, name)`,
  ),
  'CREATE INDEX threads_by_surface ON threads (surface_id)',
  table(
    'thread_requesters',
    `thread_id ${text} NOT NULL, person_id ${text} NOT NULL,
     until ${integer}, PRIMARY KEY (thread_id, person_id)`,
    'clustered',
  ),
]
