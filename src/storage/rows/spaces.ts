/** Rows of spaces, and of notices of permitted calls. See `../schema.ts`. */
import type { JsonText, Millis } from './column.ts'

/** spaces */
export interface SpaceRow {
  /** A name; the Cedar id. */
  id: string
  parent_id: string | null
  /** `organization`, `workspace`, `channel`, `direct` */
  kind: string
  title: string
  /** `requester`, `intersection`, `agent`; null: the mode of the space above. */
  mode: string | null
  /**
   * People (`group:…`, `person:…`) for whom tasks may be opened, and the agents that may open them;
   * null: as in the space above.
   */
  people: JsonText | null
  agents: JsonText | null
  /** The most that may be done there; null restricts nothing. */
  details: JsonText | null
  /** `active`, `suspended`, `removed` */
  status: string
  created_by: string
  created_at: Millis
}

/** A chat adapter or application that says who is in the threads of a space and those below it. */
export interface SurfaceRow {
  id: string
  digest: string
  name: string
  space_id: string
  /** Milliseconds of silence after which none of its statements count. */
  silent_after: number
  created_by: string
  created_at: Millis
  heard_at: Millis
  revoked_at: Millis | null
}

export interface ThreadRow {
  id: string
  space_id: string
  /** The surface's own name for it. */
  name: string
  surface_id: string
  /** Version of the surface, rising. */
  version: number
  requester_id: string | null
  /** Ids of people, sorted. */
  participants: JsonText
  /** Number of participants whom nobody here knows. */
  strangers: number
  agents: JsonText
  stated_at: Millis
  ended_at: Millis | null
}

/** decisions: notice of a permitted call that somebody had to be told of. */
export interface NoticeRow {
  id: string
  /** `group:…` or `person:…` */
  recipient: string
  decision_id: string
  /** Permit that requires the notice. */
  policy: string
  task_id: string
  person_id: string
  agent_id: string
  action: string
  text: string
  at: Millis
}
