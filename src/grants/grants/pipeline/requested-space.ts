import { intersect, type KindOf } from '@remit/engine'
import type { Agent } from '../../../identity/agents/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import { mayOpen, spaceLimit, threadByName } from '../../../identity/spaces/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import { alsoKeys, type SpaceContext, spaceDenial } from '../../../tasks/facts/index.ts'
import { type AuthorityRequest, type GrantRefusal, refused } from '../../issuance/index.ts'
import type { GrantParts } from '../parts.ts'

/** Place in which a task is to be opened, as it was asked for. */
export interface RequestedSpace {
  /** Name of a space; in none when left out, which restricts nothing. */
  readonly space?: string | undefined
  /** The surface's name of a thread in that space. */
  readonly thread?: string | undefined
}

/** Place that was found: ids of the space and of the thread. */
export interface Place {
  readonly spaceId: string | null
  readonly threadId: Id<'thread'> | null
  /** The space and those above it, nearest first. */
  readonly spaces: readonly string[]
}

const NOWHERE: Place = { spaceId: null, threadId: null, spaces: [] }

/** INVARIANT: to an agent, spaces in which it may open nothing do not exist. */
const NOT_OPEN = refused(
  'space.not_open',
  'there is no such space, or no task may be opened there by this agent for this person',
)

export async function findRequestedSpace(
  parts: Pick<GrantParts, 'facts' | 'storage'>,
  { space, thread }: RequestedSpace,
): Promise<Place | GrantRefusal> {
  if (space === undefined)
    return thread === undefined ? NOWHERE : refused('thread.unknown', '`thread` also needs `space`')
  const spaces = await parts.facts.line(space)
  if (spaces.length === 0) return NOT_OPEN
  if (thread === undefined) return { spaceId: space, threadId: null, spaces }
  const found = await threadByName(parts.storage.read, space, thread)
  return found
    ? { spaceId: space, threadId: found.id, spaces }
    : refused('thread.unknown', 'no surface has reported such a thread there')
}

/**
 * Finds the place of a child: that of its parent, or a space below it; its conversation is its
 * parent's.
 */
export async function findPlaceBelow(
  parts: Pick<GrantParts, 'facts'>,
  parent: { readonly spaceId: string | null; readonly threadId: Id<'thread'> | null },
  space: string | undefined,
): Promise<Place | GrantRefusal> {
  const { spaceId, threadId } = parent
  if (space === undefined) return { spaceId, threadId, spaces: await parts.facts.line(spaceId) }
  const spaces = await parts.facts.line(space)
  // INVARIANT: a child is never anywhere but in its parent's space or below it.
  if (spaceId === null || !spaces.includes(spaceId))
    return refused('space.not_below', 'a child task must be in the space of its parent or below it')
  return { spaceId: space, threadId, spaces }
}

/** Person and agents that want to be there. `agents`: the chain, the one that opens first. */
export interface Entrants {
  readonly person: Person
  readonly agents: readonly Pick<Agent, 'id' | 'ownerId'>[]
  readonly sponsored: boolean
}

/**
 * Reads the spaces and the thread of the place, and a view of all that the opening depends on beyond `view`; a
 * refusal when they may not be there. `view`: the one that watches over the spaces, all of them
 * alive.
 */
export async function enterPlace(
  parts: Pick<GrantParts, 'clock' | 'facts'>,
  place: Place,
  view: LiveView,
  { agents, person, sponsored }: Entrants,
): Promise<{ where: SpaceContext | undefined; also: LiveView } | GrantRefusal> {
  const owners = agents.map(({ ownerId }) => ownerId)
  const at = parts.clock.now()
  const found = await parts.facts.whereabouts({ spaces: place.spaces, task: place }, view, {
    keys: alsoKeys(owners, []),
    at,
  })
  const { where } = found
  const old = await parts.facts.stale({ sponsored }, { person, where, at })
  if (old) return refused(codeOf(old.reason ?? ''), old.detail)
  if (!where) return found
  const [agent] = agents
  if (!agent || mayOpen(where.line, person, agent.id) !== 'yes') return NOT_OPEN
  const task = { personId: person.id, spaceId: place.spaceId, sponsored }
  const no = spaceDenial(where, task, { agents: agents.map(({ id }) => id), at })
  return no ? refused(codeOf(no.reason ?? ''), no.detail) : found
}

/** Cuts the request to what the space leaves; a refusal when that is nothing. */
export function withinPlace(
  asked: AuthorityRequest,
  where: SpaceContext | undefined,
  kindOf: KindOf,
): AuthorityRequest | GrantRefusal {
  const limit = where && spaceLimit(where.line, kindOf)
  if (!limit) return asked
  const calls = intersect(asked.calls, limit, kindOf)
  const delegates = asked.delegates && intersect(asked.delegates, limit, kindOf)
  const left = asked.calls.length > 0 ? calls : (delegates ?? [])
  if (left.length === 0)
    return refused('task.beyond_space', 'nothing of the request is allowed in this space')
  return { calls, delegates }
}
