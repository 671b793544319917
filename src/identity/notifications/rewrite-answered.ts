import { DeliveryError } from '../../platform/webhooks/index.ts'
import type { Delivery } from './delivery.ts'
import {
  deliveriesOfMessage,
  forgetReceipts,
  openReceipts,
  postponeReceipts,
} from './delivery-store.ts'
import type { NotificationParts } from './parts.ts'

/** Messages that one round looks at. */
const AT_ONCE = 20
/** Time in ms between two looks at one message. */
const REWRITE_EVERY_MS = 15_000
const OVER = 'Answered, or over'

/** Rewrites messages of which nothing waits any more to the outcome: one round. */
export async function rewriteAnswered(parts: NotificationParts): Promise<void> {
  const due = { now: parts.clock.now(), limit: AT_ONCE }
  const open = await openReceipts(parts.storage.read, due)
  const messages = Map.groupBy(open, ({ channel, receipt, recipient }) =>
    [recipient, channel, receipt].join(' '),
  )
  for (const [first] of messages.values()) if (first) await rewriteOne(parts, first)
}

async function rewriteOne(parts: NotificationParts, first: Delivery): Promise<void> {
  const { clock, storage } = parts
  const deliveries = await deliveriesOfMessage(storage.read, first)
  const ids = deliveries.map(({ id }) => id)
  const now = clock.now()
  const turn = { now, until: now + REWRITE_EVERY_MS }
  if (!(await storage.transaction((tx) => postponeReceipts(tx, ids, turn)))) return
  const states = await Promise.all(deliveries.map((delivery) => stateOf(parts, delivery)))
  if (states.includes('waiting')) return
  const done = states.includes('answered') ? await rewritten(parts, first, deliveries) : true
  if (done) await storage.transaction((tx) => forgetReceipts(tx, ids))
}

/** `told`: it needs no answer, so its message stays. */
async function stateOf(
  { announcers, clock }: NotificationParts,
  { kind, subject }: Delivery,
): Promise<'waiting' | 'answered' | 'told'> {
  const announcement = await announcers[kind](subject)
  if (!announcement) return 'answered'
  const { expiresAt } = announcement
  if (expiresAt === null) return 'told'
  return expiresAt > clock.now() ? 'waiting' : 'answered'
}

/** False: to be tried again. */
async function rewritten(
  { kinds, outcomeOf }: NotificationParts,
  { channel, kind: event, receipt, subject }: Delivery,
  { length }: readonly Delivery[],
): Promise<boolean> {
  const [name] = channel.split(':')
  const kind = kinds.find((each) => each.name === name)
  if (!kind?.rewrite || receipt === null) return true
  const outcome = length === 1 ? ((await outcomeOf?.(event, subject)) ?? OVER) : OVER
  try {
    await kind.rewrite(receipt, outcome)
    return true
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    return error.lasting
  }
}
