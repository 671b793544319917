import type { Answerer } from '../../identity/stand-ins/index.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'

/** Time in ms that a person on call has before the next one is told. */
const TURN_MS = 5 * MINUTE

/** People in the order in which they are told. */
export interface EscalationRounds {
  /** People whose turn has come. */
  readonly told: readonly Answerer[]
  /** Ids of those, of them, who are on call. */
  readonly onCall: readonly string[]
  /** Epoch milliseconds of the next turn; `undefined`: everybody is told. */
  readonly nextAt: number | undefined
}

/** Person whose turn it is: a stand-in has that of the person who is away. */
const turnHolder = (person: Answerer) => person.standsInFor ?? person

/**
 * Tells whose turn it is. People in a group without an on-call order are told at once. In other groups one more person is told
 * every five minutes, or faster, so that all are told within half of the time there is. Members outside the order
 * come last.
 *
 * @param names for each name in `@approvers`, the people it means who may answer now
 * @param orders for such a name, the ids of its on-call order
 */
export function escalationRounds(
  names: ReadonlyMap<string, readonly Answerer[]>,
  orders: ReadonlyMap<string, readonly string[]>,
  { createdAt, expiresAt, now }: { createdAt: number; expiresAt: number; now: number },
): EscalationRounds {
  const turns = new Map<string, { readonly person: Answerer; turn: number; isOnCall: boolean }>()
  for (const [name, people] of names) {
    const order = (orders.get(name) ?? []).filter((id) =>
      people.some((each) => turnHolder(each).id === id),
    )
    for (const person of people) {
      const at = order.indexOf(turnHolder(person).id)
      const turn = at === -1 ? order.length : at
      const known = turns.get(person.id)
      const isOnCall = at !== -1 || (known?.isOnCall ?? false)
      turns.set(person.id, { person, turn: Math.min(turn, known?.turn ?? turn), isOnCall })
    }
  }
  const all = [...turns.values()]
  const last = Math.max(0, ...all.map(({ turn }) => turn))
  const step = Math.min(TURN_MS, Math.floor((expiresAt - createdAt) / 2 / Math.max(1, last)))
  const current = step > 0 ? Math.floor((now - createdAt) / step) : last
  const told = all.filter(({ turn }) => turn <= current)
  return {
    told: told.map(({ person }) => person),
    onCall: told.filter(({ isOnCall }) => isOnCall).map(({ person }) => person.id),
    nextAt: current >= last ? undefined : createdAt + (current + 1) * step,
  }
}
