import { integer, json, nullable, sealed, serial, text, time } from './column.ts'

export const ground = {
  meta: {
    key: text,
    value: text,
  },
  /** Single uses. See `consume-once.ts`. */
  used_once: {
    kind: text,
    key: text,
    expires_at: time,
  },
  /** Proofs among them, on SQLite: in the order in which they came. */
  used_proofs: {
    expires_at: time,
    key: text,
  },
  /** The newest recorded time, in one row. */
  recorded_time: {
    id: integer,
    newest: integer,
  },
  /** Contract 8. `state` is `active`, `suspended` or `ended`; only `active` permits. */
  live_epochs: {
    kind: text,
    id: text,
    epoch: integer,
    state: text,
  },
  live_changes: {
    seq: serial,
    kind: text,
    id: text,
    epoch: integer,
    state: text,
    at: time,
  },
  live_replicas: {
    id: text,
    lease_until: time,
    acknowledged: integer,
    started_at: time,
    /** Number of the schema that its build knows. */
    schema: integer,
  },
  /** Private halves are sealed with the master key (AES-256-GCM, row identity as additional data). */
  signing_keys: {
    kid: text,
    purpose: text,
    alg: text,
    public_jwk: json,
    sealed,
    created_at: time,
    retired_at: nullable(time),
    /** Place of the private half. */
    custody: text,
  },
  /**
   * Keys derived from the first master key, and kept: whatever was made with them has to stay the
   * same.
   */
  lasting_keys: {
    purpose: text,
    sealed,
    created_at: time,
  },
}

/** Table in which proofs are used up: one in memory on SQLite (`sqlite/proofs.ts`), a view of `used_once` on PostgreSQL. */
export const groundViews = { proof_uses: ground.used_once }
