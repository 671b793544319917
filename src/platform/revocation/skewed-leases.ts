import { LEASE_MS } from './lease.ts'
import { MAX_LEASE_AHEAD_MS, type ReplicaRow } from './replica-store.ts'

/**
 * Observations of rows whose lease ends later than any lease can: the database's clock was set back
 * since. A replica that is alive renews, and has another row by then; a row that stays unchanged
 * for a whole lease is over.
 */
export class SkewedLeaseDetector {
  #seen = new Map<string, { readonly leaseUntil: number; readonly since: number }>()

  /** Selects from `rows` those that may be leased still. */
  leased(
    rows: readonly ReplicaRow[],
    at: { readonly now: number; readonly monotonic: number },
  ): readonly ReplicaRow[] {
    const before = this.#seen
    this.#seen = new Map()
    return rows.filter(({ id, leaseUntil }) => {
      if (leaseUntil <= at.now + MAX_LEASE_AHEAD_MS) return true
      const known = before.get(id)
      const since = known?.leaseUntil === leaseUntil ? known.since : at.monotonic
      this.#seen.set(id, { leaseUntil, since })
      return at.monotonic - since <= LEASE_MS
    })
  }
}
