import {
  HeldPlaces,
  type SlotHolders,
  slotHolders,
} from '../../platform/lib/under-way/held-places.ts'
import type { Verdict } from '../calls/index.ts'

/** Subscription of a client to one resource of a server. */
export interface ResourceSubscription {
  /** Name of the server in the catalog. */
  readonly server: string
  /** Address of the resource, as the server has it and as the client knows it. */
  readonly uri: string
  readonly told: string
  /** Permit of the call that began it. INVARIANT: of use while all that it rests on is as it was. */
  readonly verdict: Verdict<'permit'>
}

/** Maximum subscriptions of one stream or session, and of all of this replica, which tasks, people and agents share. */
export const MAX_SUBSCRIPTIONS = { each: 16, all: 10_000 }

/** Subscription of a session, and how it gives its place back. */
interface HeldSubscription {
  readonly subscription: ResourceSubscription
  readonly release: () => void
}

/** Subscriptions of sessions on this replica, by session and address. */
export class Subscriptions {
  readonly #held = new Map<string, Map<string, HeldSubscription>>()
  readonly #places = new HeldPlaces(MAX_SUBSCRIPTIONS.all)

  /** Checks whether a session has as many as one may have. */
  isFull(session: string): boolean {
    return (this.#held.get(session)?.size ?? 0) >= MAX_SUBSCRIPTIONS.each
  }

  /** Checks whether there is a place for one more of these. Those whose task is past its deadline make room. */
  hasRoom(holders: SlotHolders, now: number): boolean {
    if (this.#places.hasRoom(holders)) return true
    for (const [key, held] of this.#held)
      for (const [told, { subscription }] of held)
        if (subscription.verdict.ticket.deadline <= now) this.drop(key, told)
    return this.#places.hasRoom(holders)
  }

  /** Keeps a subscription. False: others took the last place since it was asked for. */
  add(session: string, subscription: ResourceSubscription): boolean {
    this.drop(session, subscription.told)
    const release = this.#places.take(slotHolders(subscription.verdict))
    if (!release) return false
    const held = this.#held.get(session) ?? new Map<string, HeldSubscription>()
    this.#held.set(session, held.set(subscription.told, { subscription, release }))
    return true
  }

  /** Removes one and returns it. */
  drop(session: string, told: string): ResourceSubscription | undefined {
    const held = this.#held.get(session)
    const found = held?.get(told)
    if (!found || !held?.delete(told)) return undefined
    found.release()
    if (held.size === 0) this.#held.delete(session)
    return found.subscription
  }

  end(session: string): void {
    for (const { told } of this.of(session)) this.drop(session, told)
  }

  of(session: string): readonly ResourceSubscription[] {
    return [...(this.#held.get(session)?.values() ?? [])].map(({ subscription }) => subscription)
  }
}
