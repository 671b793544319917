import type { Policy } from '@cedar-policy/cedar-wasm/nodejs'
import { cedarWasm } from '../../cedar/index.ts'

/** Preparation of all that an evaluation of one action needs, not parsed yet. */
export interface Preparation {
  readonly schema: string
  /** Policies by policy id. */
  readonly all: Readonly<Record<string, Policy>>
  /** Policies without the requestable forbids, by policy id. */
  readonly bare: Readonly<Record<string, Policy>>
}

/** Names under which the evaluator holds the parsed forms. */
export interface PreparedNames {
  readonly schema: string
  readonly all: string
  readonly bare: string
}

/** Parsed forms held at once. Further ones are parsed again when they are needed: a millisecond or two. */
const MAX_SLOTS = 512

/**
 * The evaluator keeps parsed sets under global names and forgets none. So there is a fixed number of names, and the one that
 * was not used for longest is overwritten.
 * INVARIANT: a name is never read for an owner other than the one it was filled for.
 */
export class PreparedSlots {
  readonly #prefix: string
  readonly #most: number
  /** Slots, least recently used first. */
  readonly #slots = new Map<string, PreparedNames>()
  /** Names without an owner: those of fillings that failed. */
  readonly #free: PreparedNames[] = []
  #made = 0

  /** `prefix`: of the names; no other holder may use it. */
  constructor(prefix: string, most: number) {
    this.#prefix = prefix
    this.#most = most
  }

  use(owner: string, prepare: () => Preparation): PreparedNames {
    const known = this.#slots.get(owner)
    if (known) this.#slots.delete(owner)
    const slot = known ?? this.#fill(prepare())
    this.#slots.set(owner, slot)
    return slot
  }

  #fill(preparation: Preparation): PreparedNames {
    const slot = this.#take()
    const cedar = cedarWasm()
    const answers = [
      cedar.preparseSchema(slot.schema, preparation.schema),
      cedar.preparsePolicySet(slot.all, { staticPolicies: { ...preparation.all } }),
      cedar.preparsePolicySet(slot.bare, { staticPolicies: { ...preparation.bare } }),
    ]
    for (const answer of answers) {
      if (answer.type === 'success') continue
      this.#free.push(slot)
      throw new Error(answer.errors[0]?.message ?? 'a set cannot be prepared')
    }
    return slot
  }

  #take(): PreparedNames {
    const free = this.#free.pop()
    if (free) return free
    if (this.#made >= this.#most) {
      for (const [owner, slot] of this.#slots) {
        this.#slots.delete(owner)
        return slot
      }
    }
    const name = `${this.#prefix}-${this.#made++}`
    return { schema: name, all: `${name}-all`, bare: `${name}-bare` }
  }
}

export const preparedSlots = new PreparedSlots('remit', MAX_SLOTS)
