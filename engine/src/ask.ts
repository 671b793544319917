import type { Ask, ForbidRef } from './gates.ts'
import type { Requestable } from './policy.ts'
import type { Risk } from './risk.ts'

/** Each forbid once, in the order of ids: the same call always asks the same. */
export function uniqueForbids(forbids: readonly Requestable[]): Requestable[] {
  if (forbids.length === 0) return []
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
  const rules = rulesOf(forbids)
  const stepUps = forbids.flatMap(({ stepUp }) => stepUp ?? [])
  const editable = (forbids[0]?.editable ?? []).filter((path) =>
    forbids.every((forbid) => forbid.editable?.includes(path)),
  )
  const breakGlass = forbids.flatMap(({ breakGlass: names, issuance }) =>
    names && !issuance ? [names] : [],
  )
  const prompts = new Set(forbids.map(({ prompt }) => prompt).filter((prompt) => prompt !== ''))
  return {
    forbids: forbids.map(({ id, digest }) => ({ id, digest })),
    ...rules,
    quorum: Math.max(...forbids.map(({ quorum }) => quorum)),
    lifetimeSeconds: Math.min(...forbids.map(({ lifetimeSeconds }) => lifetimeSeconds)),
    risk,
    self: forbids.every(({ self }) => self),
    ...(stepUps.length === 0 ? {} : { stepUps }),
    ...(forbids.some(({ signature }) => signature) ? { signature: 'passkey' } : {}),
    // One rule that does not offer it is enough to forbid it.
    ...(breakGlass.length > 0 && breakGlass.length === forbids.length ? { breakGlass } : {}),
    prompts: [...prompts],
    ...(editable.length === 0 ? {} : { editable }),
    ...(forbids.some((forbid) => forbid.barsAgentOwners) ? { barsAgentOwners: true } : {}),
    ...(forbids.some((forbid) => forbid.inPerson) ? { inPerson: true } : {}),
  }
}

/** Rules of all forbids, one for each two that ask the same in the same way. */
function rulesOf(
  forbids: readonly Requestable[],
): Pick<Ask, 'approvers' | 'escalations' | 'fallbacks' | 'separate'> {
  const indexes = new Map<string, number>()
  const approvers: (readonly string[])[] = []
  const separate: number[][] = []
  const fallbacks: NonNullable<Ask['fallbacks']>[number][] = []
  const escalations: NonNullable<Ask['escalations']>[number][] = []
  for (const forbid of forbids) {
    const { escalation = [], fallback, furtherApprovers = [] } = forbid
    const set = [forbid.approvers, ...furtherApprovers].map((names) => {
      const key = JSON.stringify([names, fallback, escalation])
      const rule = indexes.get(key) ?? approvers.push(names) - 1
      if (!indexes.has(key)) {
        indexes.set(key, rule)
        if (fallback) fallbacks.push({ rule, names: fallback })
        escalations.push(...escalation.map((step) => ({ ...step, rule })))
      }
      return rule
    })
    if (set.length > 1) separate.push(set)
  }
  return {
    approvers,
    ...(separate.length === 0 ? {} : { separate }),
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
    ...(escalations.length === 0 ? {} : { escalations }),
  }
}
