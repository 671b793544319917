import { bytes, integer, json, nullable, serial, text, time } from './column.ts'

export const ledger = {
  /** Records of programs that have no ledger open, and of older builds. */
  ledger_intake: {
    seq: serial,
    record: bytes,
    private: nullable(json),
  },
  ledger_leaves: {
    /** On PostgreSQL −1, −2, … in the order of writing, until the sequencer gives one. */
    position: serial,
    leaf_hash: bytes,
    record: bytes,
    /** On PostgreSQL what goes to `ledger_private` with the position. Erased with it. */
    private: nullable(json),
  },
  /** Records that left `ledger_leaves`, 256 in a row: an entry bundle (C2SP tlog-tiles), gzip. */
  ledger_bundles: {
    bundle: integer,
    packed: bytes,
  },
  /** Salts and values behind the commitments; erasable without touching the tree. */
  ledger_private: {
    position: integer,
    private: json,
  },
  ledger_tiles: {
    level: integer,
    tile: integer,
    hashes: bytes,
  },
  ledger_head: {
    id: integer,
    size: integer,
    fence: integer,
  },
  ledger_checkpoints: {
    size: integer,
    note: text,
    at: time,
  },
  ledger_breaks: {
    /** History that begins when the break is accepted. */
    history: integer,
    detail: text,
    /** Signed note that is missing, or the empty text. */
    head: text,
    size: integer,
    found_at: time,
    accepted_at: nullable(time),
    accepted_by: nullable(text),
  },
}
