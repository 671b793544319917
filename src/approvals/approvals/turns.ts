import type { Answerer } from '../../identity/stand-ins/index.ts'

/** Time in ms that whoever is on call has before the next one is told. */
const TURN_MS = 5 * 60_000

/** People in the order in which they are told. */
export interface Turns {
  /** People whose turn has come. */
  readonly told: readonly Answerer[]
  /** Ids of those, of them, who are on call. */
  readonly onCall: readonly string[]
  /** Epoch milliseconds of the next turn; `undefined`: everybody is told. */
  readonly nextAt: number | undefined
}

/** Person whose turn it is: a stand-in has that of whoever is away. */
const placeOf = (person: Answerer) => person.standsInFor ?? person

/**
 * Tells whose turn it is. Whoever is in no order, and has no colleagues who are, is told at once; then the orders go on in
 * steps of five minutes, or of less, so that everybody is told within half of the time there is; the rest of a group
 * follows its order.
 *
 * @param names people by the name of a rule that means them, those who may answer now
 * @param orders ids of those on call, by such a name
 */
export function turnsOf(
  names: ReadonlyMap<string, readonly Answerer[]>,
  orders: ReadonlyMap<string, readonly string[]>,
  { createdAt, expiresAt, now }: { createdAt: number; expiresAt: number; now: number },
): Turns {
  const turns = new Map<string, { readonly person: Answerer; turn: number; isOnCall: boolean }>()
  for (const [name, people] of names) {
    const order = (orders.get(name) ?? []).filter((id) =>
      people.some((each) => placeOf(each).id === id),
    )
    for (const person of people) {
      const at = order.indexOf(placeOf(person).id)
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
