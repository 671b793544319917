import { HOUR, MINUTE } from '../../platform/lib/time-units.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { type Delivery, PAUSE_BETWEEN_MESSAGES_MS } from './delivery.ts'
import { type Destination, postpone, sentSince } from './delivery-store.ts'
import type { NotificationParts, TimedQuestion } from './parts.ts'

const MAX_PAUSE_MS = 15 * MINUTE

/**
 * Chooses what of the due deliveries of one destination goes now, and has the others wait. Each agent has a pause of its own,
 * so that none delays what another asks. A question of high or critical risk waits for nothing, nor does one that would be
 * nearly over by then.
 */
export async function chooseNow(
  { timedQuestions }: Pick<NotificationParts, 'timedQuestions'>,
  tx: Tx,
  to: Destination,
  { due, now }: { readonly due: readonly Delivery[]; readonly now: number },
): Promise<Delivery[]> {
  const sent = await sentSince(tx, to, now - HOUR)
  const subjects = new Set([...due, ...sent].map(({ subject }) => subject))
  const questions = await timedQuestions?.(tx, [...subjects])
  const askerOf = ({ kind, subject }: Pick<Delivery, 'kind' | 'subject'>) =>
    questions?.get(subject)?.agent ?? `(${kind})`
  const chosen = new Set<Delivery>()
  for (const [asker, waiting] of Map.groupBy(due, askerOf)) {
    const times = sent.filter((each) => askerOf(each) === asker).map(({ at }) => at)
    const next = nextMessageAt(times)
    const goes =
      next <= now ||
      waiting.some(({ subject }) => waitsForNothing(questions?.get(subject), { times, now }))
    if (goes) for (const delivery of waiting) chosen.add(delivery)
    else
      await postpone(
        tx,
        waiting.map(({ id }) => id),
        next,
      )
  }
  return due.filter((delivery) => chosen.has(delivery))
}

function waitsForNothing(
  question: TimedQuestion | undefined,
  { now, times }: { readonly times: readonly number[]; readonly now: number },
): boolean {
  if (!question) return false
  return question.isRisky || question.expiresAt - now <= 2 * pauseAfter(times)
}

/**
 * Earliest time of the next message about one agent, by those of the last hour: each makes the pause twice as long, up to a
 * quarter of an hour. So an agent that asks again and again does not make a phone ring all the time.
 */
export function nextMessageAt(times: readonly number[]): number {
  return times.length === 0 ? 0 : Math.max(...times) + pauseAfter(times)
}

function pauseAfter(times: readonly number[]): number {
  const count = new Set(times).size
  return Math.min(PAUSE_BETWEEN_MESSAGES_MS * 2 ** (count - 1), MAX_PAUSE_MS)
}
