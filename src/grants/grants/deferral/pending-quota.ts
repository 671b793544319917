import type { Clock } from '../../../platform/lib/clock.ts'
import { hasShare, sharedBy } from '../../../platform/lib/fair-share.ts'
import { OccupancyLimit } from '../../../platform/lib/under-way/occupancy-limit.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { type GrantRefusal, refused } from '../../issuance/index.ts'
import { countWaiting, countWaitingOf } from '../pipeline/deferral-store.ts'

/**
 * Quota of requests that wait for an answer of any person by any flow: of one agent, and of
 * all. The people for whom an agent waits share its quota.
 */
export class PendingQuota {
  readonly #clock: Clock
  readonly #storage: Pick<Storage, 'read'>
  readonly #mostOfAgent: number
  readonly #all: OccupancyLimit

  constructor(given: {
    readonly clock: Clock
    readonly storage: Pick<Storage, 'read'>
    readonly most: number
    readonly mostOfAgent: number
  }) {
    const { clock, most, mostOfAgent, storage } = given
    this.#clock = clock
    this.#storage = storage
    this.#mostOfAgent = mostOfAgent
    this.#all = new OccupancyLimit({
      ...{ clock, most },
      count: () => countWaiting(storage.read, clock.now()),
    })
  }

  /** Counts the requests that wait, of all agents. */
  waiting(): Promise<number> {
    return countWaiting(this.#storage.read, this.#clock.now())
  }

  /**
   * Asked before anything is written. Answers why there is no room.
   *
   * @param personId `null`: the code of the device is not typed yet. All such codes of an agent
   * are as those of one person: they leave room for people
   */
  async isFullFor(agentId: string, personId: string | null): Promise<GrantRefusal | undefined> {
    const waiting = await countWaitingOf(this.#storage.read, agentId, this.#clock.now())
    if (!hasShare(sharedBy(waiting, personId, this.#mostOfAgent)))
      return refused('deferral.too_many', 'too many requests of this agent are pending')
    if (await this.#all.admits()) return undefined
    return refused('deferral.too_many', 'too many requests are pending')
  }
}
