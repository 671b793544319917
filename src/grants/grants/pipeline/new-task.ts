import type { TrustedIssuer } from '../../../identity/issuers/index.ts'
import { type Id, newId } from '../../../platform/lib/id.ts'
import { budgetWithin, subjectsOf } from '../../../tasks/budgets/index.ts'
import type { Basis } from '../../../tasks/consent/index.ts'
import { type OpeningKind, TASK_LIFE, type Task } from '../../../tasks/tasks/index.ts'
import type { GrantParts } from '../parts.ts'
import type { Place } from './requested-space.ts'

/** Values that a task begins with; everything else about a new one follows. */
export interface NewTask
  extends Pick<
    Task,
    'agentId' | 'personId' | 'purpose' | 'details' | 'mayDelegate' | 'budget' | 'keyThumbprint'
  > {
  /** Id, where it was known before. */
  readonly id?: Id<'task'> | undefined
  /** The end of what people approved, where they had to. */
  readonly approvedUntil?: number | undefined
  readonly openedBy: OpeningKind
  /** Bases that it stands on; it does not outlast them. */
  readonly bases: readonly Basis[]
  /** Lifetime as it was asked for. */
  readonly lifeSeconds?: number | undefined
  /** Place where it is at work; in no space when left out. */
  readonly place?: Place
  /** Proof of the person, where it is known: when and how they proved who they are. */
  readonly proved?: { readonly authTime: number | null; readonly acr: string | null }
  /** Time that it may be without use. */
  readonly idleMs?: Task['idleMs'] | undefined
  /** Its parent. */
  readonly parent?: Task
  /** Issuers that vouch for it. It does not outlast the trust in them. */
  readonly issuers: readonly Pick<TrustedIssuer, 'name' | 'expiresAt'>[]
  /** Agents that acted elsewhere before its agent; of a child those of its parent. */
  readonly actors?: Task['actors'] | undefined
  /** The sponsor grant of a task without a person. */
  readonly sponsorGrant?: { readonly id: NonNullable<Task['sponsorGrantId']>; expiresAt: number }
}

/**
 * A task that could be opened now. Its budget is the requested one, within the limits for each task of its person and agents.
 * INVARIANT: a child ends with its parent at the latest, is sponsored exactly when that is, and stands on all that it
 * stands on.
 */
export async function newTask(
  parts: Pick<GrantParts, 'clock' | 'random' | 'facts'>,
  {
    actors = [],
    approvedUntil,
    bases,
    id: chosen,
    idleMs = null,
    issuers,
    lifeSeconds,
    parent,
    place,
    proved,
    sponsorGrant,
    ...given
  }: NewTask,
): Promise<Task> {
  const id = chosen ?? newId('task', parts.random)
  const now = parts.clock.now()
  const asked = lifeSeconds === undefined ? TASK_LIFE.default : lifeSeconds * 1000
  const ends = bases.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
  if (parent) ends.push(parent.deadline)
  ends.push(...issuers.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY))
  if (approvedUntil !== undefined) ends.push(approvedUntil)
  if (sponsorGrant) ends.push(sponsorGrant.expiresAt)
  const { agentId, personId } = given
  const standing = await parts.facts.limitsOn(
    subjectsOf({ personId, agents: [agentId], spaces: place?.spaces ?? [] }),
  )
  return {
    ...given,
    id,
    rootId: parent?.rootId ?? id,
    parentId: parent?.id ?? null,
    bases: [...new Set([...(parent?.bases ?? []), ...bases.map((basis) => basis.id)])],
    budget: budgetWithin(given.budget, standing.limits),
    spaceId: place?.spaceId ?? null,
    threadId: place?.threadId ?? null,
    authTime: (parent ?? proved)?.authTime ?? null,
    acr: (parent ?? proved)?.acr ?? null,
    sponsored: parent?.sponsored ?? sponsorGrant !== undefined,
    sponsorGrantId: parent?.sponsorGrantId ?? sponsorGrant?.id ?? null,
    issuers: [...new Set([...(parent?.issuers ?? []), ...issuers.map(({ name }) => name)])],
    actors: parent?.actors ?? actors,
    idleMs,
    state: 'open',
    openedAt: now,
    deadline: Math.min(now + Math.min(asked, TASK_LIFE.most), ...ends),
    closedAt: null,
    closeReason: null,
  }
}
