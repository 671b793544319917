import type { Ask, ForbidRef } from './gates.ts'
import type { Requestable } from './policy.ts'
import type { Risk } from './risk.ts'

/** Each forbid once, in the order of ids: the same call always asks the same. */
export function uniqueForbids(forbids: readonly Requestable[]): Requestable[] {
  const byId = new Map(forbids.map((forbid) => [forbid.id, forbid]))
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** INVARIANT: an approval lifts a forbid only in the wording that was shown, so id *and* digest must be the same. */
export function isLifted({ id, digest }: ForbidRef, lifted: readonly ForbidRef[]): boolean {
  return lifted.some((other) => other.id === id && other.digest === digest)
}

/**
 * Builds the question by which all these forbids can be lifted together: every rule of each, at its
 * strictest.
 */
export function askFor(forbids: readonly Requestable[], risk: Risk): Ask {
  const rules = new Map(forbids.map(({ approvers }) => [JSON.stringify(approvers), approvers]))
  const stepUps = forbids.flatMap(({ stepUp }) => stepUp ?? [])
  const prompts = new Set(forbids.map(({ prompt }) => prompt).filter((prompt) => prompt !== ''))
  return {
    forbids: forbids.map(({ id, digest }) => ({ id, digest })),
    approvers: [...rules.values()],
    quorum: Math.max(...forbids.map(({ quorum }) => quorum)),
    lifetimeSeconds: Math.min(...forbids.map(({ lifetimeSeconds }) => lifetimeSeconds)),
    risk,
    self: forbids.every(({ self }) => self),
    ...(stepUps.length === 0 ? {} : { stepUps }),
    prompts: [...prompts],
  }
}
