import { integer, nullable, sealed, text, textOneOf, time } from './column.ts'

export const notifications = {
  /** Outbox: events that no recipient has been told of yet. A row goes when its deliveries are there. */
  outbox_events: {
    id: text,
    kind: text,
    /** Id of what it is about, by kind. */
    subject: text,
    created_at: time,
    /** Told from then on. */
    due_at: time,
  },
  /** One message about one event, to one person or group, by one channel. */
  deliveries: {
    id: text,
    event_id: text,
    kind: text,
    subject: text,
    /** Id of a person, or `group:` and a name. */
    recipient: text,
    /** Name of a channel that all have, or `kind:id` of an own one. */
    channel: text,
    state: textOneOf('waiting', 'sent', 'failed', 'withdrawn'),
    attempts: integer,
    /** Not before this time. While it is being sent: when another server may try. */
    next_at: time,
    created_at: time,
    ended_at: nullable(time),
    /** Time when the person first saw what it is about. */
    seen_at: nullable(time),
    /** Answer of the channel the last time it failed. */
    problem: nullable(text),
    /** Name of the message at the channel, while it can be rewritten. */
    receipt: nullable(text),
  },
  /** Channels that people and groups added, with an address of their own. */
  own_channels: {
    id: text,
    /** Id of a person, or `group:` and a name. */
    owner: text,
    /** Place among those of the owner, who has a handful. */
    slot: integer,
    kind: text,
    /** Part of the address that is no secret. */
    label: text,
    /** Address, sealed. */
    sealed,
    created_by: text,
    created_at: time,
    /** NULL: nothing is sent but a code. */
    confirmed_at: nullable(time),
    /** Keyed digest of the code that was sent. */
    code: nullable(text),
    code_until: nullable(time),
    /** Codes that were tried against it. */
    code_tries: integer,
  },
  /** Use of a channel by a person, where it is not as for everybody. */
  channel_choices: {
    person_id: text,
    channel: text,
    use: textOneOf('always', 'fallback', 'off'),
    /** Place in the person's order. */
    rank: integer,
  },
  /** Time of the day in which a person is not told what can wait. */
  quiet_hours: {
    person_id: text,
    /** Minutes after midnight. */
    from_minute: integer,
    to_minute: integer,
    /** IANA name. */
    time_zone: text,
  },
  /** Order in which people of a group are told. */
  on_call: {
    group_name: text,
    /** From 0 on. */
    turn: integer,
    person_id: text,
  },
}
