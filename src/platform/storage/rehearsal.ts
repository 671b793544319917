import { AsyncLocalStorage } from 'node:async_hooks'
import type { Storage } from './storage.ts'

/** Thrown where the first commit of an act that is rehearsed would take place. */
class RehearsalEnd extends Error {
  override readonly message = 'the act was rehearsed up to its first commit'
}

/** A mark that stays on what a rehearsed act starts: nothing of it may ever be committed, however late it comes. */
const rehearsals = new AsyncLocalStorage<true>()

/**
 * Runs an act up to its first commit, which is rolled back. So a refusal is known, and nothing was done: by the contract of `Storage.transaction`, its work has no effect but its statements. What an act does outside of the store
 * before its first commit is done.
 * @throws Error what the act throws before it would commit, or in the transaction
 */
export async function rehearse(act: () => Promise<unknown>): Promise<void> {
  try {
    await rehearsals.run(true, act)
  } catch (error) {
    if (!(error instanceof RehearsalEnd)) throw error
  }
}

/**
 * Wraps a store so that acts can be rehearsed on it.
 * INVARIANT: whatever way a rehearsed act reaches the store, it commits nothing. Leases are renewed all the same: they are the
 * server's, and others wait for them.
 */
export function rehearsable(storage: Storage): Storage {
  const { renewal, revocation } = storage.lanes
  const rehearsing =
    (transaction: Storage['transaction']): Storage['transaction'] =>
    (work, how) =>
      rehearsals.getStore()
        ? transaction(async (tx) => {
            await work(tx)
            throw new RehearsalEnd()
          }, how)
        : transaction(work, how)
  return {
    ...storage,
    transaction: rehearsing(storage.transaction),
    lanes: {
      renewal,
      revocation: { ...revocation, transaction: rehearsing(revocation.transaction) },
    },
    exclusively: rehearsing(storage.exclusively),
    commit: (steps, how) =>
      rehearsals.getStore() ? Promise.reject(new RehearsalEnd()) : storage.commit(steps, how),
  }
}
