import type { Statements } from '../portable-sql.ts'

/** Tables of people: their groups, identity providers, sessions and confirmations. */
export const people: Statements = ({ bytes, integer, table, text }) => [
  table(
    'persons',
    `id ${text} NOT NULL PRIMARY KEY, issuer ${text} NOT NULL, subject ${text} NOT NULL,
     name ${text} NOT NULL, email ${text}, status ${text} NOT NULL,
     created_at ${integer} NOT NULL, last_seen_at ${integer} NOT NULL, groups_seen_at ${integer},
     attributes ${text}, attributes_seen_at ${integer}, UNIQUE (issuer, subject)`,
  ),
  'CREATE INDEX persons_by_name ON persons (name, id)',
  'CREATE INDEX persons_by_email ON persons (email) WHERE email IS NOT NULL',
  table(
    'groups',
    `name ${text} NOT NULL PRIMARY KEY, description ${text} NOT NULL,
     created_at ${integer} NOT NULL`,
  ),
  // The source is part of the key: what the provider says never replaces what an administrator said.
  table(
    'memberships',
    `person_id ${text} NOT NULL REFERENCES persons (id),
     group_name ${text} NOT NULL REFERENCES groups (name),
     source ${text} NOT NULL CHECK (source IN ('provider', 'manual')),
     PRIMARY KEY (person_id, group_name, source)`,
    'clustered',
  ),
  'CREATE INDEX memberships_by_group ON memberships (group_name, person_id)',
  table(
    'identity_providers',
    `issuer ${text} NOT NULL PRIMARY KEY, name ${text} NOT NULL, client_id ${text} NOT NULL,
     sealed_secret ${bytes}, groups_claim ${text} NOT NULL, created_at ${integer} NOT NULL,
     closes_tasks ${integer} NOT NULL CHECK (closes_tasks IN (0, 1)), acr_values ${text},
     attributes ${text},
     domains ${text}`,
  ),
  table(
    'group_mappings',
    `issuer ${text} NOT NULL REFERENCES identity_providers (issuer), value ${text} NOT NULL,
     group_name ${text} NOT NULL REFERENCES groups (name), PRIMARY KEY (issuer, value, group_name)`,
    'clustered',
  ),
  'CREATE INDEX group_mappings_by_group ON group_mappings (group_name)',
  table(
    'sessions',
    `digest ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id),
     kind ${text} NOT NULL CHECK (kind IN ('browser', 'cli')), auth_time ${integer} NOT NULL,
     created_at ${integer} NOT NULL, last_seen_at ${integer} NOT NULL,
     expires_at ${integer} NOT NULL, sid ${text}, proved_at ${integer}, acr ${text}`,
  ),
  'CREATE INDEX sessions_by_person ON sessions (person_id)',
  'CREATE INDEX sessions_by_expiry ON sessions (expires_at)',
  'CREATE INDEX sessions_by_sid ON sessions (sid) WHERE sid IS NOT NULL',
  table(
    'sign_ins',
    `state_digest ${text} NOT NULL PRIMARY KEY, issuer ${text} NOT NULL, sealed ${bytes} NOT NULL,
     return_to ${text} NOT NULL, expires_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at)',
  table(
    'cli_codes',
    `digest ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id),
     challenge ${text} NOT NULL, redirect_uri ${text} NOT NULL, auth_time ${integer} NOT NULL,
     expires_at ${integer} NOT NULL, sid ${text}`,
  ),
  'CREATE INDEX cli_codes_by_person ON cli_codes (person_id)',
  'CREATE INDEX cli_codes_by_expiry ON cli_codes (expires_at)',
  table(
    'confirmations',
    `id ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL REFERENCES persons (id),
     operation ${text} NOT NULL, payload_digest ${text} NOT NULL, payload ${text} NOT NULL,
     state ${text} NOT NULL, created_at ${integer} NOT NULL, expires_at ${integer} NOT NULL,
     answered_at ${integer}, digest_key ${bytes} NOT NULL, meaning ${text}`,
  ),
  'CREATE INDEX confirmations_by_person ON confirmations (person_id, state)',
  'CREATE INDEX confirmations_by_expiry ON confirmations (state, expires_at)',
]
