import type { Statements } from '../portable-sql.ts'

/** Tables of what people have to be told. */
export const notifications: Statements = ({ bytes, integer, table, text }) => [
  table(
    'outbox_events',
    `id ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL, subject ${text} NOT NULL,
     created_at ${integer} NOT NULL, due_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX outbox_events_due ON outbox_events (due_at, id)',
  // INVARIANT: no recipient is told of one event twice by one channel.
  table(
    'deliveries',
    `id ${text} NOT NULL PRIMARY KEY, event_id ${text} NOT NULL, kind ${text} NOT NULL,
     subject ${text} NOT NULL, recipient ${text} NOT NULL, channel ${text} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'withdrawn')),
     attempts ${integer} NOT NULL, next_at ${integer} NOT NULL, created_at ${integer} NOT NULL,
     ended_at ${integer}, seen_at ${integer}, problem ${text}, receipt ${text},
     UNIQUE (event_id, recipient, channel)`,
  ),
  `CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting'`,
  'CREATE INDEX deliveries_by_recipient ON deliveries (recipient, channel, state, ended_at)',
  'CREATE INDEX deliveries_by_subject ON deliveries (subject)',
  // INVARIANT: an owner has as many channels as there are slots, however many add one at once.
  table(
    'own_channels',
    `id ${text} NOT NULL PRIMARY KEY, owner ${text} NOT NULL, slot ${integer} NOT NULL,
     kind ${text} NOT NULL, label ${text} NOT NULL, sealed ${bytes} NOT NULL,
     created_by ${text} NOT NULL, created_at ${integer} NOT NULL, confirmed_at ${integer},
     code ${text}, code_until ${integer}, code_tries ${integer} NOT NULL, UNIQUE (owner, slot)`,
  ),
  'CREATE INDEX own_channels_unconfirmed ON own_channels (created_at) WHERE confirmed_at IS NULL',
  table(
    'channel_choices',
    `person_id ${text} NOT NULL REFERENCES persons (id), channel ${text} NOT NULL,
     use ${text} NOT NULL CHECK (use IN ('always', 'fallback', 'off')), rank ${integer} NOT NULL,
     PRIMARY KEY (person_id, channel)`,
  ),
  table(
    'quiet_hours',
    `person_id ${text} NOT NULL PRIMARY KEY REFERENCES persons (id),
     from_minute ${integer} NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
     to_minute ${integer} NOT NULL CHECK (to_minute BETWEEN 0 AND 1439), time_zone ${text} NOT NULL`,
  ),
  table(
    'on_call',
    `group_name ${text} NOT NULL, turn ${integer} NOT NULL,
     person_id ${text} NOT NULL REFERENCES persons (id), PRIMARY KEY (group_name, turn),
     UNIQUE (group_name, person_id)`,
  ),
  'CREATE INDEX deliveries_ended ON deliveries (ended_at)',
  'CREATE INDEX deliveries_receipts ON deliveries (next_at) WHERE receipt IS NOT NULL',
]
