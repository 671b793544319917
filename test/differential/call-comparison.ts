import assert from 'node:assert/strict'
import fc from 'fast-check'
import { voidRequests } from '../../src/approvals/access-requests/index.ts'
import { findDecision } from '../../src/tasks/decision-log/index.ts'
import { addRules, approve } from '../sdk/shops.ts'
import { until } from '../until.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'
import { compareReading } from './api-readers.ts'
import { askingRules } from './bodies.ts'
import { Books } from './books.ts'
import { checkEach } from './check-each.ts'
import { compareCall } from './compare.ts'

/** Answer to a call; `undefined`: the connection ended without one, and the call may reach its API later. */
export type CallAnswer = Pick<Answer, 'body' | 'status' | 'text'> | undefined

/** A gateway in front of an API, and the way in which planned calls are sent through it. */
export interface ComparedGateway<Plan> {
  /** Name of the API in the catalog. */
  readonly api: string
  /** True: Remit learns what became of each call. */
  readonly tellsOutcome: boolean
  /** Ends its task, and opens another. */
  renew(): Promise<void>
  /** Calls with this value of `Idempotency-Key`, which is decided on, too. */
  call(plan: Plan, key: string): Promise<CallAnswer>
  /** Fails where the API received something else than was sent. */
  compare(plan: Plan, seen: ReceivedRequest): void
  /** True: the call has to get through. */
  passes(plan: Plan): boolean
  show(plan: Plan): string
}

/**
 * Numbers of calls. `approved`: of those that were sent. `empty`: of those that were sent without a body. `lost`: of those that a
 * server had no room for, and that have to get through. `notSent`: of permits that nothing was sent for. `codes`: of those that were
 * refused, by code.
 */
export interface Counts {
  sent: number
  refused: number
  approved: number
  empty: number
  lost: number
  notSent: number
  readonly codes: Record<string, number>
}

/** Number of calls that one task makes: its tokens end, and so does its share of questions that wait. */
const PER_TASK = 200

/** An agent that sends calls through a gateway, and compares what became of each. */
export class CallComparison<Plan> {
  readonly counts: Counts = {
    ...{ sent: 0, refused: 0, approved: 0, empty: 0, lost: 0, notSent: 0 },
    codes: {},
  }
  readonly #world: World
  readonly #gateway: ComparedGateway<Plan>
  readonly #books: Books
  /** Calls that have not reached the API, and may. */
  readonly #open = new Map<string, Plan>()
  readonly #sent = new Set<string>()
  #calls = 0
  #left = 0

  private constructor(world: World, gateway: ComparedGateway<Plan>) {
    this.#world = world
    this.#gateway = gateway
    this.#books = new Books(world.rooms)
  }

  /** Starts it with rules by which people are asked about some of the calls. */
  static async start<Plan>(
    world: World,
    gateway: ComparedGateway<Plan>,
  ): Promise<CallComparison<Plan>> {
    await addRules(world, askingRules(gateway.api))
    const comparison = new CallComparison(world, gateway)
    await comparison.#books.skip()
    return comparison
  }

  /** Has a task for so many calls. */
  async ready(count: number): Promise<void> {
    if (this.#left >= count) return
    await this.#gateway.renew()
    this.#left = PER_TASK
  }

  /** Makes calls at the same time. Each reaches the API as it was decided on, or not at all. Answers how many reached it. */
  async send(plans: readonly Plan[]): Promise<number> {
    await this.ready(plans.length)
    this.#left -= plans.length
    const calls = plans.map((plan) => ({ plan, key: `call-${++this.#calls}` }))
    for (const { key, plan } of calls) this.#open.set(key, plan)
    const answers = await Promise.all(calls.map(({ key, plan }) => this.#call(plan, key)))
    await this.#takeReached()
    for (const [i, { key, plan }] of calls.entries())
      if (this.#open.has(key)) this.#takeRefused(key, plan, answers[i])
    // People are asked about calls whose answer was lost, too, and an agent may have few questions that wait.
    if (answers.includes(undefined))
      await voidRequests(this.#world.rooms.decisions, 'deferral.cancelled')
    return calls.filter(({ key }) => this.#sent.delete(key)).length
  }

  /** Waits for the ends of calls that were permitted and have not reached the API: they were not sent, or not whole, or they come now. */
  async settle(): Promise<void> {
    await this.#takeReached()
    if (!this.#gateway.tellsOutcome) return
    const answered: string[] = []
    for (const id of await this.#books.left()) {
      const { read } = this.#world.rooms.storage
      const state = await until(async () => {
        const found = await findDecision(read, id)
        return found?.state === 'sending' ? undefined : found?.state
      })
      if (state === 'answered') answered.push(id)
      else assert.ok(state === 'not_sent' || state === 'failed', `${id}: ${state}`)
    }
    await this.#takeReached()
    const left = new Set(await this.#books.left())
    for (const id of answered) assert.ok(!left.has(id), `${id} was answered by the API`)
    this.counts.notSent = left.size
  }

  async #call(plan: Plan, key: string): Promise<CallAnswer> {
    const answer = await this.#gateway.call(plan, key)
    const waits = answer?.body.access_request as { readonly page: string } | undefined // as: docs/problems/approval.required.md
    if (answer?.status !== 403 || !waits) return answer
    await approve(this.#world, waits.page)
    // Of an agent that makes very many calls.
    if (String(answer.body.enough).includes('group:administrators'))
      await approve(this.#world, waits.page, 'ada')
    return this.#gateway.call(plan, key)
  }

  /** Takes calls that reached the API, of these or of earlier ones whose answer was lost. */
  async #takeReached(): Promise<void> {
    const { echo } = this.#world
    const reached = [...echo.reached]
    echo.forget()
    for (const seen of reached) {
      const key = String(seen.headers['idempotency-key'])
      const plan = this.#open.get(key) ?? assert.fail(`${key} was sent once, and was not refused`)
      this.#open.delete(key)
      this.#sent.add(key)
      try {
        await this.#compare(plan, seen)
      } catch (error) {
        throw new Error(this.#gateway.show(plan), { cause: error })
      }
    }
  }

  async #compare(plan: Plan, seen: ReceivedRequest): Promise<void> {
    this.counts.sent++
    if (seen.bytes.length === 0) this.counts.empty++
    this.#gateway.compare(plan, seen)
    const booked = await this.#books.take(String(seen.headers['remit-decision']))
    if (booked.question) this.counts.approved++
    await compareReading(seen, await compareCall(this.#world.rooms, seen, booked))
  }

  #takeRefused(key: string, plan: Plan, answer: CallAnswer): void {
    const { body = {}, status = 0, text = '' } = answer ?? {}
    const told = `${this.#gateway.show(plan)}: ${status} ${text}`
    assert.ok(status === 0 || status >= 400, told)
    // What a gateway answers itself it does not send.
    if (status > 0) this.#open.delete(key)
    if (this.#gateway.passes(plan)) {
      assert.ok(status === 0 || status >= 500, told)
      this.counts.lost++
    }
    this.counts.refused++
    const code = String(body.code ?? status)
    this.counts.codes[code] = (this.counts.codes[code] ?? 0) + 1
  }
}

/** Calls that are under way at the same time. */
const AT_ONCE = 16

/** Compares so many generated calls, the examples first. The same seed makes the same ones. */
export async function compareGenerated<Plan>(
  comparison: CallComparison<Plan>,
  plans: fc.Arbitrary<Plan>,
  given: {
    readonly count: number
    readonly seed: number
    readonly examples?: readonly Plan[] | undefined
  },
): Promise<void> {
  const { count, examples = [], seed } = given
  const groups = fc.array(plans, { minLength: AT_ONCE, maxLength: AT_ONCE })
  const send = async (group: readonly Plan[]) => {
    await comparison.send(group)
  }
  const numRuns = Math.ceil(count / AT_ONCE)
  const first = Array.from({ length: Math.ceil(examples.length / AT_ONCE) }, (_, i) =>
    examples.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  )
  await checkEach(groups, send, { numRuns, seed, examples: first })
}
