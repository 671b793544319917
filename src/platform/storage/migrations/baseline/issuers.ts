import type { Statements } from '../portable-sql.ts'

/** Tables of trusted issuers, and of the workloads they vouch for. */
export const issuers: Statements = ({ bytes, integer, table, text }) => [
  // A name is never given out twice. `agents`: how many it vouches for.
  table(
    'trusted_issuers',
    `name ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL CHECK (kind IN ('oauth', 'spiffe')),
     issuer ${text} NOT NULL, tenant_claim ${text}, tenant_value ${text}, subject_prefix ${text},
     keys ${text} NOT NULL, algorithms ${text} NOT NULL, uses ${text} NOT NULL, audience ${text},
     rules ${text} NOT NULL, access ${text}, sealed_secret ${bytes},
     trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text},
     most_agents ${integer} NOT NULL CHECK (most_agents >= 0),
     agents ${integer} NOT NULL CHECK (agents BETWEEN 0 AND most_agents),
     most_life_seconds ${integer} NOT NULL CHECK (most_life_seconds > 0),
     bearer ${integer} NOT NULL CHECK (bearer IN (0, 1)), owner_id ${text} NOT NULL,
     contact ${text} NOT NULL, expires_at ${integer},
     state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
     created_by ${text} NOT NULL, created_at ${integer} NOT NULL, people ${text}, peer ${text},
     most_people ${integer} NOT NULL CHECK (most_people >= 0),
     people_an_hour ${integer} NOT NULL CHECK (people_an_hour >= 0),
     people_brought ${integer} NOT NULL, hour_began ${integer} NOT NULL,
     hour_people ${integer} NOT NULL`,
  ),
  // INVARIANT: a token matches one registration at most.
  `CREATE UNIQUE INDEX trusted_issuers_by_issuer ON trusted_issuers (issuer, COALESCE(tenant_value, ''))
     WHERE state <> 'revoked'`,
  // Within one registration, a subject is one agent for ever.
  table(
    'workloads',
    `issuer ${text} NOT NULL, subject ${text} NOT NULL, agent_id ${text} NOT NULL,
     created_at ${integer} NOT NULL, PRIMARY KEY (issuer, subject)`,
  ),
  'CREATE INDEX workloads_by_agent ON workloads (agent_id)',
  // Until it expires, the agent that showed a token first may show it again.
  table(
    'workload_tokens',
    `digest ${text} NOT NULL PRIMARY KEY, agent_id ${text} NOT NULL,
     expires_at ${integer} NOT NULL`,
    'clustered',
  ),
  'CREATE INDEX workload_tokens_by_expiry ON workload_tokens (expires_at)',
]
