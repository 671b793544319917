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

/** Maximum subscriptions of one stream or session, and of all of this replica. */
export const MAX_SUBSCRIPTIONS = { each: 16, all: 10_000 }

/** Subscriptions of sessions on this replica, by session and address. */
export class Subscriptions {
  readonly #held = new Map<string, Map<string, ResourceSubscription>>()
  #size = 0

  /** Checks whether a session may have one more. Those whose task is past its deadline make room. */
  hasRoom(session: string, now: number): boolean {
    if (this.#size >= MAX_SUBSCRIPTIONS.all)
      for (const [key, held] of this.#held)
        for (const [told, { verdict }] of held)
          if (verdict.ticket.deadline <= now) this.drop(key, told)
    const own = this.#held.get(session)?.size ?? 0
    return own < MAX_SUBSCRIPTIONS.each && this.#size < MAX_SUBSCRIPTIONS.all
  }

  add(session: string, subscription: ResourceSubscription): void {
    this.drop(session, subscription.told)
    const held = this.#held.get(session) ?? new Map<string, ResourceSubscription>()
    this.#held.set(session, held.set(subscription.told, subscription))
    this.#size++
  }

  /** Removes one and returns it. */
  drop(session: string, told: string): ResourceSubscription | undefined {
    const held = this.#held.get(session)
    const found = held?.get(told)
    if (!held?.delete(told)) return undefined
    this.#size--
    if (held.size === 0) this.#held.delete(session)
    return found
  }

  end(session: string): void {
    for (const { told } of this.of(session)) this.drop(session, told)
  }

  of(session: string): readonly ResourceSubscription[] {
    return [...(this.#held.get(session)?.values() ?? [])]
  }
}
