import { type Detail, intersect, type KindOf } from '@remit/engine'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface SpaceParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'begin' | 'raise' | 'settle'>
  readonly clock: Clock
  readonly random: Random
}

export type SpaceKind = 'organization' | 'workspace' | 'channel' | 'direct'

/**
 * Modes of a space: whose authority counts for calls in it.
 *
 * - `requester`: only the one who asked.
 * - `intersection`: everyone who is there, each by themselves. Needs someone trusted who says who
 *   that is.
 * - `agent`: the agent's own, with its sponsor behind it; tasks with no person present, and no others.
 */
export type SpaceMode = 'requester' | 'intersection' | 'agent'

export type SpaceStatus = 'active' | 'suspended' | 'removed'

/** A place where people and agents meet. Its id is its name, also in policies: `Space::"support"`. */
export interface Space {
  readonly id: string
  /** Never changes. */
  readonly parentId: string | null
  readonly kind: SpaceKind
  readonly title: string
  /** `null`: as in the space above. */
  readonly mode: SpaceMode | null
  /** People for whom tasks may be opened here: `group:…`, `person:…`. `null`: inherited from the parent. */
  readonly people: readonly string[] | null
  /** Agents that may open them. `null`: inherited from the parent. */
  readonly agents: readonly string[] | null
  /** The most that may be done here; `null` restricts nothing. */
  readonly details: readonly Detail[] | null
  readonly status: SpaceStatus
  readonly createdBy: string
  readonly createdAt: number
}

/** Kinds of space that a space of each kind may lie in. Only the organization lies in none. */
export const PARENTS: Readonly<Record<SpaceKind, readonly SpaceKind[]>> = {
  organization: [],
  workspace: ['organization', 'workspace'],
  channel: ['organization', 'workspace', 'channel'],
  direct: ['organization', 'workspace'],
}

/**
 * Levels that spaces are nested at most, the organization included. Every call looks at the whole
 * line.
 */
export const MAX_LEVELS = 8

/** A space and those above it, nearest first. */
export type SpaceLine = readonly Space[]

/** The nearest that says so decides; where none does, only the requester counts. */
export function modeOf(line: SpaceLine): SpaceMode {
  return line.find(({ mode }) => mode !== null)?.mode ?? 'requester'
}

/**
 * Details within what every space of the line leaves.
 * INVARIANT: a space below never holds more than the one above it.
 */
export function withinSpaces(
  details: readonly Detail[],
  line: SpaceLine,
  kindOf: KindOf,
): readonly Detail[] {
  return line.reduce<readonly Detail[]>(
    (left, space) => (space.details === null ? left : intersect(left, space.details, kindOf)),
    details,
  )
}

/**
 * Answers the details that every space of the line leaves, as one list; `undefined` when no space
 * of the line restricts anything.
 */
export function spaceLimit(line: SpaceLine, kindOf: KindOf): readonly Detail[] | undefined {
  const lists = line.flatMap(({ details }) => (details === null ? [] : [details]))
  return lists.length === 0
    ? undefined
    : lists.reduce((left, list) => intersect(left, list, kindOf))
}
