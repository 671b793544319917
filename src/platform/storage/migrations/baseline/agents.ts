import type { Statements } from '../portable-sql.ts'

/** Tables of agents, and of the rules that admit those that register themselves. */
export const agents: Statements = ({ integer, table, text }) => [
  table(
    'agents',
    `id ${text} NOT NULL PRIMARY KEY, name ${text} NOT NULL UNIQUE, description ${text} NOT NULL,
     owner_id ${text} NOT NULL, trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3),
     ceiling ${text} NOT NULL, may_delegate ${text}, status ${text} NOT NULL,
     created_at ${integer} NOT NULL, admission ${text}, issuer ${text}, client_url ${text},
     notify_at ${text}, recertify_days ${integer}, recertify_by ${integer},
     suspended_for ${text} CHECK (suspended_for IN ('dormant', 'uncertified')),
     resumed_at ${integer}, idle_minutes ${integer} NOT NULL CHECK (idle_minutes >= 0)`,
  ),
  'CREATE UNIQUE INDEX agents_by_client_url ON agents (client_url) WHERE client_url IS NOT NULL',
  'CREATE INDEX agents_by_owner ON agents (owner_id, id)',
  // Agents whose owners are late, without those that were stopped for it.
  `CREATE INDEX agents_to_recertify ON agents (recertify_by)
     WHERE status = 'active' AND recertify_by IS NOT NULL`,
  // Agents in the order of their next recertification, including those that were stopped for it.
  `CREATE INDEX agents_dated ON agents (recertify_by, id)
     WHERE status <> 'retired' AND recertify_by IS NOT NULL`,
  // INVARIANT: a key belongs to the first agent that registered it, also after it was revoked.
  table(
    'agent_keys',
    `agent_id ${text} NOT NULL REFERENCES agents (id), thumbprint ${text} NOT NULL UNIQUE,
     kid ${text} NOT NULL, jwk ${text} NOT NULL, created_at ${integer} NOT NULL,
     revoked_at ${integer}, PRIMARY KEY (agent_id, thumbprint)`,
  ),
  'CREATE UNIQUE INDEX agent_keys_by_kid ON agent_keys (agent_id, kid) WHERE revoked_at IS NULL',
  table(
    'agent_clients',
    `issuer ${text} NOT NULL, client_id ${text} NOT NULL,
     agent_id ${text} NOT NULL REFERENCES agents (id), PRIMARY KEY (issuer, client_id)`,
  ),
  'CREATE INDEX agent_clients_by_agent ON agent_clients (agent_id)',
  table(
    'agent_certificate_names',
    `kind ${text} NOT NULL CHECK (kind IN ('subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email')),
     value ${text} NOT NULL, agent_id ${text} NOT NULL REFERENCES agents (id),
     created_at ${integer} NOT NULL, PRIMARY KEY (kind, value)`,
  ),
  'CREATE INDEX agent_certificate_names_by_agent ON agent_certificate_names (agent_id)',
  table('certified_agents', `agent_id ${text} NOT NULL PRIMARY KEY REFERENCES agents (id)`),
  table(
    'agent_descriptions',
    `agent_id ${text} NOT NULL PRIMARY KEY, client_name ${text} NOT NULL,
     redirect_uris ${text} NOT NULL, methods ${text} NOT NULL, keys ${text} NOT NULL,
     jwks ${text}, jwks_uri ${text}, fapi2 ${integer} NOT NULL CHECK (fapi2 IN (0, 1)),
     digest ${text} NOT NULL, noticed_at ${integer} NOT NULL, changed_at ${integer},
     software_digest ${text}`,
  ),
  `CREATE INDEX agent_descriptions_by_software ON agent_descriptions (software_digest)
     WHERE software_digest IS NOT NULL`,
  // `mode` has no CHECK: the types list the modes.
  table(
    'admission_rules',
    `name ${text} NOT NULL PRIMARY KEY, mode ${text} NOT NULL, redirect_hosts ${text} NOT NULL,
     document_hosts ${text} NOT NULL, software_ids ${text} NOT NULL,
     key_change ${text} NOT NULL CHECK (key_change IN ('accept', 'ask', 'suspend')),
     trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text} NOT NULL,
     may_delegate ${text}, owner_id ${text} NOT NULL, created_by ${text} NOT NULL,
     created_at ${integer} NOT NULL`,
  ),
]
