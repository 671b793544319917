import type { TypedArguments } from '@remit/engine'
import { type Action, countedRisk } from '../../catalog/catalog/index.ts'
import type { Random } from '../../platform/lib/random.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import type { TaskLineage } from '../tasks/index.ts'

import { type Assessment, assess, type RiskInputs } from './assess.ts'
import type { Habit } from './books-store.ts'
import { CallsElsewhere } from './calls-elsewhere.ts'
import { counterpartiesOf } from './counterparties.ts'
import { HabitBook, type Habits } from './habits.ts'
import { hoursIn, Pace } from './pace.ts'
import { HeardSignals } from './reported-signals/heard-signals.ts'
import { ratioOf, sizeOf } from './size.ts'
import { type Size, UsualSizes } from './usual-sizes.ts'

/** Call that the books are asked about. */
export interface RiskQuery {
  readonly at: number
  readonly action: Action
  readonly arguments: TypedArguments
  readonly held: TaskLineage
  readonly view: LiveView
}

/**
 * Findings of the books about a call, their assessment, and the entries to note if the call is
 * permitted.
 */
export interface RiskObservation {
  readonly assessment: Assessment
  readonly at: number
  readonly habits: Habits
  readonly size: Size | undefined
  readonly paceKey: string
}

export interface RiskBooksOptions {
  readonly storage: Storage
  readonly random: Random
  /** Id of this process, as decisions name it. */
  readonly replicaId: string
  /** Key of the digests of counterparties; the same in every replica. */
  readonly key: Uint8Array
  /** IANA. */
  readonly timeZone: string
}

/**
 * Books about earlier calls of agents: they hold our own entries, never anything from the request.
 * A call that is usual for its agent reads no database.
 */
export class RiskHistory {
  readonly #options: RiskBooksOptions
  readonly #habits: HabitBook
  readonly #sizes: UsualSizes
  readonly #heard: HeardSignals
  readonly #hour: (at: number) => number
  readonly #hourUtc = hoursIn('UTC')
  readonly #pace = new Pace()
  readonly #elsewhere: CallsElsewhere

  constructor(options: RiskBooksOptions) {
    this.#options = options
    this.#habits = new HabitBook(options.storage)
    this.#sizes = new UsualSizes(options)
    this.#heard = new HeardSignals(options.storage)
    this.#elsewhere = new CallsElsewhere(options)
    this.#hour = hoursIn(options.timeZone)
  }

  async observe(of: RiskQuery): Promise<RiskObservation> {
    const { action, at, held } = of
    const { agentId } = held.task
    const paceKey = `${agentId} ${held.task.personId}`
    const whom = this.#counterparties(of)
    const look = this.#habits.look(agentId, habitsOf(action.name, whom), at)
    const habits = look instanceof Promise ? await look : look
    const size = sizeIn(of)
    const sizeRatio = size && (await this.#ratio(size, at))
    const firstForCounterparty =
      whom && (whom === 'many' || habits.first.some(({ counterparty }) => counterparty !== ''))
    // A definition that is new is a signal of risk.
    const since = action.accepted?.at
    const counting = this.#elsewhere.count(held.task, at)
    const elsewhere = counting instanceof Promise ? await counting : counting
    const hearing = this.#heard.about(held, of.view, at)
    const external = hearing instanceof Promise ? await hearing : hearing
    const inputs: RiskInputs = {
      class: countedRisk(action),
      firstForAgent: isFirst(habits, ''),
      firstForAction: isFirst(habits, action.name),
      ...(firstForCounterparty === undefined ? {} : { firstForCounterparty }),
      callsLastMinute: this.#pace.count(paceKey, at) + elsewhere,
      ...(sizeRatio === undefined ? {} : { sizeRatio }),
      hour: this.#hour(at),
      hourUtc: this.#hourUtc(at),
      ...(since === undefined ? {} : { definitionAgeDays: wholeDays(at - since) }),
      external,
    }
    return { assessment: assess(inputs), at, habits, size, paceKey }
  }

  /** Notes a call in the transaction that permits it. */
  steps({ at, habits, size }: RiskObservation, decisionId: string): Step[] {
    return [
      ...this.#habits.steps(habits, decisionId, at),
      ...(size ? this.#sizes.steps(size, at) : []),
    ]
  }

  /** Keeps what `steps` wrote, after the commit. */
  permitted({ at, habits, paceKey }: RiskObservation, decisionId: string): void {
    this.#habits.done(habits, decisionId, at)
    this.#pace.add(paceKey, at)
  }

  /**
   * Makes the steps for the transaction that says that a call was not sent after all. It stays
   * counted in sizes and pace, where one call makes no difference.
   */
  backSteps(of: { agentId: string; action: string; decisionId: string }): Step[] {
    return this.#habits.backSteps(of)
  }

  /** Forgets what `backSteps` deleted, after the commit. */
  notSent(decisionId: string): void {
    this.#habits.back(decisionId)
  }

  #counterparties({ action, arguments: args }: RiskQuery) {
    if (action.counterparty === undefined) return undefined
    return counterpartiesOf(args, action.counterparty, this.#options.key)
  }

  async #ratio(size: Size, at: number): Promise<bigint | undefined> {
    const median = await this.#sizes.median(size, at)
    return median === undefined ? undefined : ratioOf(size.units, median)
  }
}

function wholeDays(ms: number): number {
  return Math.max(Math.floor(ms / DAY), 0)
}

function habitsOf(action: string, whom: readonly string[] | 'many' | undefined): readonly Habit[] {
  const named = whom === undefined || whom === 'many' ? [] : whom
  return [
    { action: '', counterparty: '' },
    { action, counterparty: '' },
    ...named.toSorted().map((counterparty) => ({ action, counterparty })),
  ]
}

function isFirst({ first }: Habits, of: string): boolean {
  return first.some(({ action, counterparty }) => action === of && counterparty === '')
}

function sizeIn({ action, arguments: args, held }: RiskQuery): Size | undefined {
  const units = action.size === undefined ? undefined : sizeOf(args, action.size)
  if (units === undefined || action.size === undefined) return undefined
  return { agentId: held.task.agentId, action: action.name, path: action.size, units }
}
