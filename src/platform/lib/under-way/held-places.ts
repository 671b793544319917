/** The task, agent and person that a call occupies a place for, for example a connection: it counts for each of them. */
export interface SlotHolders {
  readonly task: string
  readonly agent: string
  /** The represented person, or the sponsor. */
  readonly person: string
}

/** Finds the task, agent and person that a permitted call is made for. */
export function slotHolders({
  agent,
  person,
  task,
}: {
  readonly agent: string
  readonly person: { readonly id: string }
  readonly task: { readonly id: string }
}): SlotHolders {
  return { task: task.id, agent, person: person.id }
}

const KINDS = ['task', 'agent', 'person'] as const

type Kind = (typeof KINDS)[number]

/**
 * Shares of the places in use from which on a caller has to hold less than an equal share, with the
 * kinds of holder that are counted. So a busy task leaves room for other tasks, a busy person for
 * other people, and a busy agent, for whichever people it works, for other agents.
 */
const TIERS: readonly (readonly [from: number, counted: readonly Kind[]])[] = [
  [7 / 8, ['task', 'person', 'agent']],
  [13 / 16, ['task', 'person']],
  [3 / 4, ['task']],
]

/**
 * Places of one process that tasks, agents and people hold and share: connections, streams, calls
 * that wait. While many are free, anyone may have more than a share; of the last ones, no holder gets
 * more than an equal share. Memory is bounded by the places that are held.
 */
export class HeldPlaces {
  readonly #limit: number
  /** Places held by each holder, for each kind of holder. */
  readonly #held: Readonly<Record<Kind, Map<string, number>>> = {
    task: new Map(),
    agent: new Map(),
    person: new Map(),
  }
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Number of places in use. */
  get taken(): number {
    return this.#taken
  }

  /** Tells whether a holder may take so many more. INVARIANT: however many one takes, another finds one. */
  hasRoom(holders: SlotHolders, places = 1): boolean {
    if (this.#taken + places > this.#limit) return false
    const [, counted = []] = TIERS.find(([from]) => this.#taken >= this.#limit * from) ?? []
    return counted.every((kind) => {
      const held = this.#held[kind]
      const mine = held.get(holders[kind]) ?? 0
      const sharing = held.size + (mine === 0 ? 1 : 0)
      // One more may come at any time, so a single holder never has all.
      return mine < this.#limit / Math.max(sharing, 2)
    })
  }

  /** Takes places. Returns what gives them back, however often it is called; `undefined`: others come first now. */
  take(holders: SlotHolders, places = 1): (() => void) | undefined {
    if (!this.hasRoom(holders, places)) return undefined
    this.#count(holders, places)
    let released = false
    return () => {
      if (released) return
      released = true
      this.#count(holders, -places)
    }
  }

  #count(holders: SlotHolders, by: number): void {
    this.#taken += by
    for (const kind of KINDS) add(this.#held[kind], holders[kind], by)
  }
}

function add(held: Map<string, number>, holder: string, by: number): void {
  const count = (held.get(holder) ?? 0) + by
  if (count === 0) held.delete(holder)
  else held.set(holder, count)
}
