import assert from 'node:assert/strict'
import fc from 'fast-check'
import { findDecision } from '../../src/decision-log/index.ts'
import type { OpenTask } from '../agent.ts'
import { addRules, approve } from '../sdk/shops.ts'
import { until } from '../until.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { World } from '../world.ts'
import { compareReading, meaningOf } from './api-readers.ts'
import { askingRules, type BodyPlan, bodyPlans } from './bodies.ts'
import { Books } from './books.ts'
import { compareCall } from './compare.ts'
import { type FramingPlan, framed, framings } from './framings.ts'
import { type PacketAnswer, sendPackets } from './send-packets.ts'

/** One request through Remit's own gateway. */
export interface RequestPlan {
  readonly sending: BodyPlan
  readonly framing: FramingPlan
}

export const requestPlans: fc.Arbitrary<RequestPlan> = fc.record({
  sending: bodyPlans,
  framing: framings,
})

/** Number of calls that one task makes: its tokens end, and so does its budget of questions. */
const PER_TASK = 1_000

/** Numbers of requests. `approved`: of those that were sent. `notSent`: of permits that nothing was sent for. */
export interface Counts {
  sent: number
  refused: number
  approved: number
  notSent: number
  /** Numbers of those that were refused, by code. */
  readonly codes: Record<string, number>
}

interface HeldTask {
  readonly open: OpenTask
  readonly token: string
}

interface PlannedCall {
  readonly plan: RequestPlan
  readonly key: string
  readonly task: HeldTask
}

/** An agent that sends requests through Remit's own gateway, and compares what became of each. */
export class RequestComparison {
  readonly counts: Counts = { sent: 0, refused: 0, approved: 0, notSent: 0, codes: {} }
  readonly #world: World
  readonly #books: Books
  /** Calls whose request has not reached the API, and may. */
  readonly #open = new Map<string, RequestPlan>()
  readonly #sent = new Set<string>()
  #task: (HeldTask & { left: number }) | undefined
  #calls = 0

  private constructor(world: World) {
    this.#world = world
    this.#books = new Books(world.rooms)
  }

  /** Starts it in a world whose echo API it takes into the trust domain. */
  static async start(world: World): Promise<RequestComparison> {
    await world.trustEcho()
    await addRules(world, askingRules('echo'))
    const comparison = new RequestComparison(world)
    await comparison.#books.skip()
    return comparison
  }

  /** Sends requests at the same time. Each reaches the API as it was decided on, or not at all. Answers how many reached it. */
  async send(plans: readonly RequestPlan[]): Promise<number> {
    const task = await this.#taskFor(plans.length)
    const calls = plans.map((plan) => ({ plan, key: `call-${++this.#calls}`, task }))
    for (const { key, plan } of calls) this.#open.set(key, plan)
    const answers = await Promise.all(calls.map((each) => this.#call(each)))
    await this.#takeReached()
    for (const [i, { key, plan }] of calls.entries()) {
      const answer = answers[i]
      if (!answer || !this.#open.has(key)) continue
      assert.ok(answer.status === 0 || answer.status >= 400, `${shown(plan)}: ${answer.text}`)
      // Where more was sent than the request, its answer may be lost, and the call be under way.
      if (answer.status > 0) this.#open.delete(key)
      this.#countRefused(answer)
    }
    return calls.filter(({ key }) => this.#sent.delete(key)).length
  }

  /** Takes requests that reached the API, of these calls or of one before whose answer was lost. */
  async #takeReached(): Promise<void> {
    const { echo } = this.#world
    const reached = [...echo.reached]
    echo.forget()
    for (const seen of reached) {
      const key = String(seen.headers['idempotency-key'])
      const plan = this.#open.get(key)
      assert.ok(plan, `${key} was sent once, and was not refused`)
      this.#open.delete(key)
      this.#sent.add(key)
      try {
        await this.#compare(plan, seen)
      } catch (error) {
        throw new Error(shown(plan), { cause: error })
      }
    }
  }

  async #compare({ framing, sending }: RequestPlan, seen: ReceivedRequest): Promise<void> {
    this.counts.sent++
    const { body } = framed([], sending.body, framing)
    assert.ok(body, 'it was whole')
    assert.deepEqual([seen.method, seen.target], [sending.method, sending.path])
    const booked = await this.#books.take(String(seen.headers['remit-decision']))
    if (booked.question) this.counts.approved++
    const decided = await compareCall(this.#world.rooms, seen, booked)
    await compareReading(seen, decided)
    assert.deepEqual(meaningOf(seen), meaningOf({ ...seen, bytes: body }), 'as it was sent')
    assert.ok(!('x-trailer' in seen.headers))
  }

  #countRefused({ body, status }: PacketAnswer): void {
    this.counts.refused++
    const code = String(body.code ?? status)
    this.counts.codes[code] = (this.counts.codes[code] ?? 0) + 1
  }

  /** Waits for the ends of calls that were permitted and have not reached the API: they were not sent, or not whole, or they come now. */
  async settle(): Promise<void> {
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

  async #call(call: PlannedCall): Promise<PacketAnswer> {
    const answer = await this.#try(call)
    const { access_request: waits } = answer.body
    if (answer.status !== 403 || !waits) return answer
    await approve(this.#world, String((waits as { readonly page: string }).page)) // as: docs/problems/approval.required.md
    return this.#try(call)
  }

  async #try({ key, plan, task }: PlannedCall): Promise<PacketAnswer> {
    const { framing, sending } = plan
    const { gateway } = this.#world
    const { method, path, type } = sending
    const url = `${gateway}/echo${path}`
    const [bare = ''] = url.split('?')
    const proof = await this.#world.agent.proof(task.open.key, {
      method,
      url: bare,
      token: task.token,
    })
    const lines = [
      `${method} /echo${path} HTTP/1.1`,
      `Host: ${new URL(url).host}`,
      `Authorization: DPoP ${task.token}`,
      `DPoP: ${proof}`,
      `Idempotency-Key: ${key}`,
      'Connection: close',
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ]
    const { packets } = framed(lines, sending.body, framing)
    return sendPackets(gateway, packets, framing.how === 'short' || framing.how === 'unended')
  }

  /** Task of the next request. */
  task(): Promise<HeldTask> {
    return this.#taskFor(1)
  }

  async #taskFor(count: number): Promise<HeldTask> {
    if (!this.#task || this.#task.left < count) {
      const { agent, gateway } = this.#world
      const open = await this.#world.open()
      this.#task = { open, token: await agent.token(open, `${gateway}/echo`), left: PER_TASK }
    }
    this.#task.left -= count
    return this.#task
  }
}

/** Requests that are under way at the same time. */
const AT_ONCE = 16

/** Compares so many generated requests. Answers what became of them. */
export async function compareRequests(world: World, count: number): Promise<Counts> {
  const comparison = await RequestComparison.start(world)
  const groups = fc.array(requestPlans, { minLength: AT_ONCE, maxLength: AT_ONCE })
  const numRuns = Math.ceil(count / AT_ONCE)
  const property = fc.asyncProperty(groups, async (plans) => {
    await comparison.send(plans)
  })
  // The requests of a group are too long to print or to make smaller; its error tells the one that differs.
  const { counterexamplePath, errorInstance, failed, seed } = await fc.check(property, {
    ...{ numRuns, endOnFailure: true },
  })
  if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance })
  await comparison.settle()
  return comparison.counts
}

const MAX_SHOWN = 1_000

function shown({ framing, sending }: RequestPlan): string {
  const { body, ...of } = sending
  const begin = body.toString('latin1', 0, MAX_SHOWN)
  return `${JSON.stringify({ ...of, framing })} of ${body.length} bytes, ${JSON.stringify(begin)}`
}
