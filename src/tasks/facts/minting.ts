import type { Resource } from '../../catalog/catalog/index.ts'
import {
  type MintParts,
  type PartyClaims,
  pairwiseSubject,
  type TokenParties,
} from '../../identity/tokens/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import { type ClaimSetting, furtherClaims } from './further-claims.ts'
import type { FactParts } from './parts.ts'
import type { Setting } from './setting.ts'

export function minting(parts: Pick<FactParts, 'keys' | 'issuer' | 'clock' | 'random'>): MintParts {
  return { key: parts.keys.tokens, issuer: parts.issuer, clock: parts.clock, random: parts.random }
}

/** Parts that naming a person at a resource takes. */
type NamingParts = Pick<FactParts, 'master'>
/** Resource where a person is named; Remit itself when there is none. */
type NamingResource = Pick<Resource, 'claims' | 'identifier' | 'subjects'> | undefined

/**
 * Answers who stands in the tokens of a task: the person when one is present, the sponsor when
 * none is, and every agent behind it.
 */
export function tokenParties(
  parts: NamingParts,
  held: Pick<TaskLineage, 'chain' | 'task'>,
  setting: ClaimSetting,
  at: NamingResource,
): TokenParties {
  const parties = namedParties(parts, held, setting, at)
  // Most resources want none, and a token costs them nothing.
  return at?.claims ? { ...parties, further: furtherClaims(setting, held, at) } : parties
}

function namedParties(
  parts: NamingParts,
  { chain, task }: Pick<TaskLineage, 'chain' | 'task'>,
  { person }: Pick<Setting, 'person'>,
  at: NamingResource,
): TokenParties {
  if (task.sponsored) {
    const pairwise = at?.subjects === 'pairwise'
    return { chain, sponsor: pairwise ? nameAt(parts, person.id, at) : person.id }
  }
  const { id, issuer, subject } = person
  const { actors } = task
  if (at?.subjects === 'pairwise') return { person: { id: nameAt(parts, id, at) }, chain, actors }
  return { person: { id, known: { issuer, subject } }, chain, actors }
}

/**
 * `sub` of everything that is about a task: the person, or when no person is present the agent at its root. A person has a name of
 * their own at a resource that wants it so.
 */
export function tokenSubject(
  parts: NamingParts,
  { chain, task }: Pick<TaskLineage, 'chain' | 'task'>,
  at: NamingResource,
): string {
  if (task.sponsored) return chain.at(-1) ?? task.agentId
  return at?.subjects === 'pairwise' ? nameAt(parts, task.personId, at) : task.personId
}

function nameAt(
  { master }: NamingParts,
  personId: string,
  { identifier }: NonNullable<NamingResource>,
): string {
  return pairwiseSubject(master, { audience: identifier, personId })
}

/** Tells whether a token's subject is the task's. */
export function isSubject(
  parts: NamingParts,
  held: Pick<TaskLineage, 'chain' | 'task'>,
  { sub, sub_profile }: Pick<PartyClaims, 'sub' | 'sub_profile'>,
  at: NamingResource,
): boolean {
  const profile = held.task.sponsored ? 'ai_agent' : 'user'
  return sub === tokenSubject(parts, held, at) && sub_profile === profile
}
