import { integer, json, nullable, text, time } from './column.ts'

export const spaces = {
  spaces: {
    /** A name; the Cedar id. */
    id: text,
    parent_id: nullable(text),
    /** `organization`, `workspace`, `channel`, `direct` */
    kind: text,
    title: text,
    /** `requester`, `intersection`, `agent`; null: the mode of the space above. */
    mode: nullable(text),
    /**
     * People (`group:…`, `person:…`) for whom tasks may be opened, and the agents that may open them;
     * null: as in the space above.
     */
    people: nullable(json),
    agents: nullable(json),
    /** The most that may be done there; null restricts nothing. */
    details: nullable(json),
    /** `active`, `suspended`, `removed` */
    status: text,
    created_by: text,
    created_at: time,
  },
  threads: {
    id: text,
    space_id: text,
    /** The surface's own name for it. */
    name: text,
    surface_id: text,
    /** Version of the surface, rising. */
    version: integer,
    requester_id: nullable(text),
    /** Ids of people, sorted. */
    participants: json,
    /** Number of participants who are not known here. */
    strangers: integer,
    agents: json,
    stated_at: time,
    ended_at: nullable(time),
  },
  /** People who asked in a conversation, each until another person did. */
  thread_requesters: {
    thread_id: text,
    person_id: text,
    /** Null: they ask now. */
    until: nullable(time),
  },
}
