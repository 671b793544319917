import type { Minting, Parties, PartyClaims } from '../tokens/index.ts'
import type { HeldTask, Setting } from './facts.ts'
import type { DecisionParts } from './parts.ts'

export function minting(
  parts: Pick<DecisionParts, 'keys' | 'issuer' | 'clock' | 'random'>,
): Minting {
  return { key: parts.keys.tokens, issuer: parts.issuer, clock: parts.clock, random: parts.random }
}

/** Who stands in the tokens of a task: the person when one is present, and every agent behind it. */
export function partiesOf(
  { chain, task }: Pick<HeldTask, 'chain' | 'task'>,
  { person }: Pick<Setting, 'person'>,
): Parties {
  if (task.sponsored) return { chain }
  return { person: { id: person.id, issuer: person.issuer, subject: person.subject }, chain }
}

/** `sub` of everything that is about a task: the person, or when nobody is present the agent at its root. */
export function subjectOf({ chain, task }: Pick<HeldTask, 'chain' | 'task'>): string {
  return task.sponsored ? (chain.at(-1) ?? task.agentId) : task.personId
}

/** Whether a token's subject is the task's. */
export function isSubject(
  held: Pick<HeldTask, 'chain' | 'task'>,
  { sub, sub_profile }: Pick<PartyClaims, 'sub' | 'sub_profile'>,
): boolean {
  return sub === subjectOf(held) && sub_profile === (held.task.sponsored ? 'ai_agent' : 'user')
}
