import type { Migration } from './migration.ts'

/** Spaces, who says what happens in them, how fresh facts about a person are, and what a permit obliges to. */
export const spaces: Migration = {
  version: 6,
  name: 'spaces',
  statements: ({ text, integer, table }) => [
    // INVARIANT: a name is given once, and what is above a space never changes.
    table(
      'spaces',
      `id ${text} NOT NULL PRIMARY KEY, parent_id ${text} REFERENCES spaces (id),
       kind ${text} NOT NULL CHECK (kind IN ('organization', 'workspace', 'channel', 'direct')), title ${text} NOT NULL,
       mode ${text} CHECK (mode IN ('requester', 'intersection', 'agent')), people ${text}, agents ${text}, details ${text},
       status ${text} NOT NULL CHECK (status IN ('active', 'suspended', 'removed')), created_by ${text} NOT NULL,
       created_at ${integer} NOT NULL`,
    ),
    'CREATE INDEX spaces_by_parent ON spaces (parent_id)',
    "CREATE UNIQUE INDEX spaces_root ON spaces (kind) WHERE kind = 'organization' AND status <> 'removed'",
    table(
      'surfaces',
      `id ${text} NOT NULL PRIMARY KEY, digest ${text} NOT NULL UNIQUE, name ${text} NOT NULL,
       space_id ${text} NOT NULL REFERENCES spaces (id), silent_after ${integer} NOT NULL, created_by ${text} NOT NULL,
       created_at ${integer} NOT NULL, heard_at ${integer} NOT NULL, revoked_at ${integer}`,
    ),
    'CREATE INDEX surfaces_by_space ON surfaces (space_id)',
    table(
      'threads',
      `id ${text} NOT NULL PRIMARY KEY, space_id ${text} NOT NULL REFERENCES spaces (id), name ${text} NOT NULL,
       surface_id ${text} NOT NULL REFERENCES surfaces (id), version ${integer} NOT NULL, requester_id ${text},
       participants ${text} NOT NULL, strangers ${integer} NOT NULL, agents ${text} NOT NULL, stated_at ${integer} NOT NULL,
       ended_at ${integer}, UNIQUE (space_id, name)`,
    ),
    'CREATE INDEX threads_by_surface ON threads (surface_id)',
    `ALTER TABLE tasks ADD COLUMN thread_id ${text}`,

    // people: when the provider last said anything about their groups
    `ALTER TABLE persons ADD COLUMN groups_seen_at ${integer}`,
    // tasks: how and when the person proved who they are, as the token or session said that the task began with
    `ALTER TABLE tasks ADD COLUMN auth_time ${integer}`,
    `ALTER TABLE tasks ADD COLUMN acr ${text}`,
    `ALTER TABLE authorizations ADD COLUMN auth_time ${integer}`,

    // decisions: whom a permit had to be told to
    table(
      'notices',
      `id ${text} NOT NULL PRIMARY KEY, recipient ${text} NOT NULL, decision_id ${text} NOT NULL, policy ${text} NOT NULL,
       task_id ${text} NOT NULL, person_id ${text} NOT NULL, agent_id ${text} NOT NULL, action ${text} NOT NULL,
       text ${text} NOT NULL, at ${integer} NOT NULL`,
    ),
    'CREATE INDEX notices_by_recipient ON notices (recipient, at)',
    'CREATE INDEX notices_by_decision ON notices (decision_id)',
  ],
}
