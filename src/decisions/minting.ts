import type { Minting, Parties } from '../tokens/index.ts'
import type { HeldTask, Setting } from './facts.ts'
import type { DecisionParts } from './parts.ts'

export function minting(
  parts: Pick<DecisionParts, 'keys' | 'issuer' | 'clock' | 'random'>,
): Minting {
  return { key: parts.keys.tokens, issuer: parts.issuer, clock: parts.clock, random: parts.random }
}

/** Who stands in the tokens of a task: the person, and every agent behind it. */
export function partiesOf(held: HeldTask, { person }: Pick<Setting, 'person'>): Parties {
  return {
    person: { id: person.id, issuer: person.issuer, subject: person.subject },
    chain: held.chain,
  }
}
