import { Problem } from '../../../platform/lib/problem.ts'
import { callsInFlightOf, sendingAmong } from '../../../tasks/decision-log/index.ts'
import { endSettled, recordOutcome } from '../outcome.ts'
import type { CallParts } from '../parts.ts'

const AT_ONCE = 100
const NOT_SENT = { state: 'not_sent', reason: 'storage.unavailable' } as const

/**
 * Settles calls of this very process that the store still calls `sending`, so that none stays so for long after its request
 * ended (contract 12.12):
 *
 * 1. how a call ended is known, and storing it failed: it is stored now;
 * 2. the answer to its reservation was lost, and nothing was sent: `not_sent`, which gives back what it took;
 * 3. nothing is known of it here any more: *indeterminate*.
 *
 * The first failure of the store ends the round; the next one comes as usual. Answers how many were settled.
 * @throws Problem `storage.unavailable`
 */
export async function settleOwn(parts: CallParts): Promise<number> {
  return (await storeOutcomes(parts)) + (await returnUnsent(parts)) + (await endStranded(parts))
}

async function storeOutcomes(parts: CallParts): Promise<number> {
  let count = 0
  for (const [id, outcome] of parts.flights.outcomes()) {
    try {
      if (await recordOutcome(parts, id, outcome)) count++
    } catch (error) {
      if (error instanceof Problem && error.code === 'storage.unavailable') throw error
      // A mistake in what it says must not keep others from being stored; its row becomes indeterminate.
      parts.flights.end(id)
      throw error
    }
  }
  return count
}

async function returnUnsent(parts: CallParts): Promise<number> {
  const { clock, flights, storage } = parts
  const ids = flights.unsent(clock.monotonic())
  let count = 0
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    for (const id of await sendingAmong(storage.read, ids.slice(from, from + AT_ONCE))) {
      if (await recordOutcome(parts, id, NOT_SENT)) count++
      flights.forgetUnsent(id)
    }
  }
  return count
}

async function endStranded(parts: CallParts): Promise<number> {
  const { flights, live, storage } = parts
  let count = 0
  let after = ''
  for (;;) {
    const ids = await callsInFlightOf(storage.read, live.replicaId, { after, limit: AT_ONCE })
    for (const id of ids) {
      if (flights.has(id)) continue
      const said = { unsaid: 'indeterminate' } as const
      const ending = { state: 'indeterminate', reason: 'outcome.lost', said } as const
      const done = await storage.commit(await endSettled(parts, id, ending))
      if (done.committed) count++
    }
    const last = ids.at(-1)
    if (last === undefined || ids.length < AT_ONCE) return count
    after = last
  }
}
