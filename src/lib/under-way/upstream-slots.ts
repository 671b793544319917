/** The task, agent and person that a call occupies a connection for: it counts for each of them. */
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
 * Shares of the connections in use from which on a caller has to hold less than an equal share,
 * with the kinds of holder that are counted. So a busy task leaves room for other tasks, a busy
 * person for other people, and a busy agent, whoever it works for, for other agents.
 */
const TIERS: readonly (readonly [from: number, counted: readonly Kind[]])[] = [
  [7 / 8, ['task', 'person', 'agent']],
  [13 / 16, ['task', 'person']],
  [3 / 4, ['task']],
]

/** Returns a connection; however often it is called. */
type Release = () => void

/** A call that waits for a connection. */
interface WaitingCall {
  readonly holders: SlotHolders
  readonly give: (release: Release) => void
}

/** Connections of one API that are in use, and their holders. */
interface Usage {
  total: number
  /** Calls under way by holder, for each kind of holder. */
  readonly held: Readonly<Record<Kind, Map<string, number>>>
  /** Calls for which there was no connection, in the order in which they came. */
  readonly waiting: Set<WaitingCall>
}

/** Waits for a moment, or until the signal. */
type Patience = (signal: AbortSignal) => Promise<void>

/**
 * Shares the connections to each API among tasks, agents and people, so that nobody's streams keep
 * everyone else out. While many connections are free, anyone may have more than a share; of the
 * last ones, nobody gets more than an equal share. Memory is bounded by the calls under way.
 */
export class UpstreamSlots {
  readonly #limit: number
  readonly #patience: Patience
  readonly #usage = new Map<string, Usage>()

  /**
   * @param limit connections to one API
   * @param patience time that a call waits for one; default: none
   */
  constructor(limit: number, patience: Patience = async () => {}) {
    this.#limit = limit
    this.#patience = patience
  }

  /**
   * Takes a connection to `origin`, and waits a moment for one that others return: calls that became
   * durable together come together, and most APIs answer soon. `undefined`: others come first.
   */
  async takeSoon(origin: string, holders: SlotHolders): Promise<Release | undefined> {
    const release = this.take(origin, holders)
    const usage = this.#usage.get(origin)
    if (release || !usage) return release
    const over = new AbortController()
    const { promise, resolve } = Promise.withResolvers<Release | undefined>()
    const give = (given: Release) => {
      over.abort()
      resolve(given)
    }
    const waiting = { holders, give }
    usage.waiting.add(waiting)
    void this.#patience(over.signal).finally(() => {
      usage.waiting.delete(waiting)
      resolve(undefined)
    })
    return promise
  }

  /**
   * Takes a connection to `origin`. Returns a function to call when the call has ended.
   * `undefined`: others come first now.
   */
  take(origin: string, holders: SlotHolders): Release | undefined {
    const usage = this.#usage.get(origin) ?? emptyUsage()
    if (!this.#hasRoom(usage, holders)) return undefined
    this.#usage.set(origin, usage)
    return this.#hold(origin, usage, holders)
  }

  #hold(origin: string, usage: Usage, holders: SlotHolders): Release {
    usage.total++
    for (const kind of KINDS) add(usage.held[kind], holders[kind], 1)
    let released = false
    return () => {
      if (released) return
      released = true
      usage.total--
      for (const kind of KINDS) add(usage.held[kind], holders[kind], -1)
      this.#giveNext(origin, usage)
      if (usage.total === 0) this.#usage.delete(origin)
    }
  }

  /** Gives a connection that was returned to the first call that may have it. */
  #giveNext(origin: string, usage: Usage): void {
    for (const next of usage.waiting) {
      if (!this.#hasRoom(usage, next.holders)) continue
      usage.waiting.delete(next)
      next.give(this.#hold(origin, usage, next.holders))
      return
    }
  }

  #hasRoom(usage: Usage, holders: SlotHolders): boolean {
    if (usage.total >= this.#limit) return false
    const [, counted = []] = TIERS.find(([from]) => usage.total >= this.#limit * from) ?? []
    return counted.every((kind) => {
      const held = usage.held[kind]
      const mine = held.get(holders[kind]) ?? 0
      const sharing = held.size + (mine === 0 ? 1 : 0)
      // One more may come at any time, so a single holder never has all.
      return mine < this.#limit / Math.max(sharing, 2)
    })
  }
}

function emptyUsage(): Usage {
  const held = { task: new Map(), agent: new Map(), person: new Map() }
  return { total: 0, held, waiting: new Set() }
}

function add(held: Map<string, number>, holder: string, by: 1 | -1): void {
  const count = (held.get(holder) ?? 0) + by
  if (count === 0) held.delete(holder)
  else held.set(holder, count)
}
