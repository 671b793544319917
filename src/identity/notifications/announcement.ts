import type { Tx } from '../../platform/storage/index.ts'
import type { Person } from '../people/index.ts'
import type { EventKind } from './event.ts'

/** Maximum of people who are told of one event: more would all come for one answer. */
export const MAX_RECIPIENTS = 25

/** Facts that are told of an event, read when it is told. */
export interface Announcement {
  /** Active people who can do something about it, at most `MAX_RECIPIENTS`. */
  readonly recipients: readonly Person[]
  /** Ids of recipients who are told in their quiet hours as well. */
  readonly urgentFor?: readonly string[]
  /** Epoch milliseconds when there are more recipients, unless it is answered by then. */
  readonly nextTurnAt?: number
  /** Records whose turn has come since a time, in the transaction that tells them: once on all servers. */
  readonly recordTurns?: (tx: Tx, since: number) => Promise<void>
  /** Groups any of whose members can do something about it: their channels are told as well. */
  readonly groups?: readonly string[]
  /** Remit's own words: nothing in it was chosen by an agent. */
  readonly title: string
  /** Sentence of the catalog, with values that an agent chose: nothing in it is hidden (`visible`). */
  readonly sentence: string
  /** Name of the agent behind it; messages about several events are ordered by it. */
  readonly agent: string
  /** Names and values, in the order in which they are shown. */
  readonly facts: readonly AnnouncedFact[]
  /** Path below the issuer: the page where people look at it. */
  readonly path: string
  /** Epoch milliseconds from when on no one needs to be told; `null`: never. */
  readonly expiresAt: number | null
}

/** A fact about an event. `foreign`: its value comes from outside. */
export interface AnnouncedFact {
  readonly name: string
  readonly value: string
  readonly foreign?: true
}

/**
 * Reads the announcement of a subject, by kind. `undefined`: no one has to be told of it any more. Rooms whose business it is bring
 * these.
 */
export type Announcers = {
  readonly [K in EventKind]: (subject: string) => Promise<Announcement | undefined>
}
