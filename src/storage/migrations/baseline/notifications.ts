import type { Statements } from '../portable-sql.ts'

/** Tables of what people have to be told. */
export const notifications: Statements = ({ integer, table, text }) => [
  table(
    'outbox_events',
    `id ${text} NOT NULL PRIMARY KEY, kind ${text} NOT NULL, subject ${text} NOT NULL,
     created_at ${integer} NOT NULL, due_at ${integer} NOT NULL`,
  ),
  'CREATE INDEX outbox_events_due ON outbox_events (due_at, id)',
  // INVARIANT: nobody is told of one event twice by one channel.
  table(
    'deliveries',
    `id ${text} NOT NULL PRIMARY KEY, event_id ${text} NOT NULL, kind ${text} NOT NULL,
     subject ${text} NOT NULL, person_id ${text} NOT NULL, channel ${text} NOT NULL,
     state ${text} NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'withdrawn')),
     attempts ${integer} NOT NULL, next_at ${integer} NOT NULL, created_at ${integer} NOT NULL,
     ended_at ${integer}, seen_at ${integer}, problem ${text}, UNIQUE (event_id, person_id, channel)`,
  ),
  `CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting'`,
  'CREATE INDEX deliveries_by_person ON deliveries (person_id, channel, state, ended_at)',
  'CREATE INDEX deliveries_by_subject ON deliveries (subject)',
  table(
    'muted_channels',
    `person_id ${text} NOT NULL REFERENCES persons (id), channel ${text} NOT NULL,
     PRIMARY KEY (person_id, channel)`,
  ),
  'CREATE INDEX deliveries_ended ON deliveries (ended_at)',
]
