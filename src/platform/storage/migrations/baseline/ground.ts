import type { Statements } from '../portable-sql.ts'

/** Tables of storage, revocation and keys. */
export const ground: Statements = ({ bytes, integer, serial, table, text }) => [
  table('meta', `key ${text} NOT NULL PRIMARY KEY, value ${text} NOT NULL`),
  // INVARIANT: (kind, key) exists at most once; `consumeOnce` rests on this key.
  table(
    'used_once',
    `kind ${text} NOT NULL, key ${text} NOT NULL, expires_at ${integer} NOT NULL,
     PRIMARY KEY (kind, key)`,
    'clustered',
  ),
  'CREATE INDEX used_once_by_expiry ON used_once (expires_at)',
  table(
    'recorded_time',
    `id ${integer} NOT NULL PRIMARY KEY CHECK (id = 1), newest ${integer} NOT NULL`,
  ),
  table(
    'live_epochs',
    `kind ${text} NOT NULL, id ${text} NOT NULL, epoch ${integer} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
     PRIMARY KEY (kind, id)`,
    'clustered',
  ),
  // What has ended, except tasks. Read at the start.
  "CREATE INDEX live_ended ON live_epochs (kind, id) WHERE state = 'ended' AND kind <> 'task'",
  table(
    'live_changes',
    `seq ${serial}, kind ${text} NOT NULL, id ${text} NOT NULL, epoch ${integer} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
     at ${integer} NOT NULL`,
  ),
  'CREATE INDEX live_changes_by_time ON live_changes (at)',
  table(
    'live_replicas',
    `id ${text} NOT NULL PRIMARY KEY, lease_until ${integer} NOT NULL,
     acknowledged ${integer} NOT NULL, started_at ${integer} NOT NULL, schema ${integer} NOT NULL`,
  ),
  // `sealed`: the private half; of a key in an external signer, which one it is there.
  table(
    'signing_keys',
    `kid ${text} NOT NULL PRIMARY KEY, purpose ${text} NOT NULL, alg ${text} NOT NULL,
     public_jwk ${text} NOT NULL, sealed ${bytes} NOT NULL, created_at ${integer} NOT NULL,
     retired_at ${integer},
     custody ${text} NOT NULL CHECK (custody IN ('here', 'external'))`,
  ),
  // Two replicas that start on an empty store must not each make a key.
  'CREATE UNIQUE INDEX signing_keys_in_use ON signing_keys (purpose) WHERE retired_at IS NULL',
  table(
    'lasting_keys',
    `purpose ${text} NOT NULL PRIMARY KEY, sealed ${bytes} NOT NULL,
     created_at ${integer} NOT NULL`,
  ),
]
