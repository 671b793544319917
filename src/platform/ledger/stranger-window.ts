import { isIP } from 'node:net'
import { addressKey } from '../lib/address-key.ts'
import type { Id } from '../lib/id.ts'
import type { LedgerEvent } from './ledger-event.ts'

/** A refusal of a caller who could not be identified. It contains nothing that they sent. */
export interface StrangerRefusal {
  /** Edge that refused: `call`, `token request`. */
  readonly at: string
  /** A stable code. */
  readonly reason: string
  /** Address that the request came from. */
  readonly ip?: string | undefined
  /** The enforcement point that passed the request on, where one did. */
  readonly pep?: string | undefined
}

/** Maximum of pairs of source and reason that have a record of their own in one window. */
export const MAX_SOURCES = 64
/** Maximum of reasons that have a record for all other sources together. */
const MAX_REASONS = 32

interface Entry {
  readonly refusal: StrangerRefusal
  /** True when it stands for all sources, or all reasons, that came when the window was full. */
  readonly others: boolean
  count: number
  written: boolean
}

/**
 * Refusals of strangers in one window of time. INVARIANT: at most `MAX_SOURCES + MAX_REASONS + 1` entries, however many addresses ask and
 * whatever they send.
 */
export class StrangerWindow {
  readonly id: Id<'refusal_window'>
  /** Epoch milliseconds. */
  readonly from: number
  readonly #entries = new Map<string, Entry>()
  #sources = 0

  constructor(id: Id<'refusal_window'>, from: number) {
    this.id = id
    this.from = from
  }

  /** Counts a refusal. True: the window sees this source and reason for the first time. */
  count(refusal: StrangerRefusal): boolean {
    const source = sourceOf(refusal)
    const own = `${source} ${refusal.reason}`
    if (this.#add(own)) return false
    if (this.#sources < MAX_SOURCES) {
      this.#sources++
      return this.#begin(own, { refusal, others: false })
    }
    const { at, reason } = refusal
    const all = `others ${reason}`
    if (this.#add(all)) return false
    if (this.#entries.size < MAX_SOURCES + MAX_REASONS)
      return this.#begin(all, { refusal: { at, reason }, others: true })
    const rest = { at, reason: 'others' }
    return this.#add('others') ? false : this.#begin('others', { refusal: rest, others: true })
  }

  /** Entries that have no record yet, and their events. */
  unwritten(): { readonly events: readonly LedgerEvent[]; done(): void } {
    const all = [...this.#entries.values()]
    const fresh = all.filter(({ written }) => !written)
    const events = fresh.map((entry) => this.#eventOf(entry, all.indexOf(entry)))
    return {
      events,
      done: () => {
        for (const entry of fresh) entry.written = true
      },
    }
  }

  /** Makes the event with the counts, in the order of entries. */
  ended(to: number): LedgerEvent {
    const counts = [...this.#entries.values()].map(({ count }) => count)
    const times = { from: new Date(this.from).toISOString(), to: new Date(to).toISOString() }
    return { type: 'refusals.counted', facts: { window: this.id, ...times, counts } }
  }

  #add(key: string): boolean {
    const known = this.#entries.get(key)
    if (!known) return false
    known.count++
    return true
  }

  #begin(key: string, entry: Pick<Entry, 'refusal' | 'others'>): true {
    this.#entries.set(key, { ...entry, count: 1, written: false })
    return true
  }

  #eventOf({ others, refusal }: Entry, entry: number): LedgerEvent {
    const { at, pep, reason } = refusal
    return {
      type: 'refusals.noticed',
      outcome: 'refused',
      reason,
      facts: { window: this.id, entry, at, pep, ...(others ? { others } : {}) },
      ...(refusal.ip === undefined ? {} : { origin: { ip: addressOf(refusal.ip) } }),
    }
  }
}

function sourceOf({ ip, pep }: StrangerRefusal): string {
  return pep === undefined ? addressOf(ip ?? '') : `pep ${pep}`
}

/**
 * Source of a refusal. One subscriber has many addresses of IPv6, and is one source. A text that is
 * no address came from another source, and is not kept.
 */
function addressOf(ip: string): string {
  return isIP(ip.split('%')[0] ?? '') === 0 ? 'unknown' : addressKey(ip)
}
