import { integer, nullable, oneOf, text, time } from './column.ts'

export const notifications = {
  /** Outbox: events that nobody has been told of yet. A row goes when its deliveries are there. */
  outbox_events: {
    id: text,
    kind: text,
    /** Id of what it is about, by kind. */
    subject: text,
    created_at: time,
    /** Told from then on. */
    due_at: time,
  },
  /** One message about one event, to one person, by one channel. */
  deliveries: {
    id: text,
    event_id: text,
    kind: text,
    subject: text,
    person_id: text,
    channel: text,
    state: oneOf('waiting', 'sent', 'failed', 'withdrawn'),
    attempts: integer,
    /** Not before this time. While it is being sent: when another server may try. */
    next_at: time,
    created_at: time,
    ended_at: nullable(time),
    /** Time when the person first saw what it is about. */
    seen_at: nullable(time),
    /** Answer of the channel the last time it failed. */
    problem: nullable(text),
  },
  /** Channels by which a person does not want to be told. */
  muted_channels: {
    person_id: text,
    channel: text,
  },
}
