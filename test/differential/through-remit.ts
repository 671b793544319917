import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { OpenTask } from '../agent.ts'
import { addRules, approve } from '../sdk/shops.ts'
import { until } from '../until.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { World } from '../world.ts'
import { compareReading, meaningOf } from './api-readers.ts'
import { askingRules, type BodyPlan, bodyPlans } from './bodies.ts'
import { Books } from './books.ts'
import { compareCall } from './compare.ts'
import { type Framing, framed, framings } from './framings.ts'
import { type PacketAnswer, sendPackets } from './send-packets.ts'

/** One request through Remit's own gateway. */
export interface RequestPlan {
  readonly sending: BodyPlan
  readonly framing: Framing
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
  /** Of those that were refused, by code. */
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

  /** Sends requests at the same time. Each reaches the API as it was decided on, or not at all. */
  async send(plans: readonly RequestPlan[]): Promise<void> {
    const { echo } = this.#world
    echo.forget()
    const task = await this.#taskFor(plans.length)
    const calls = plans.map((plan) => ({ plan, key: `call-${++this.#calls}`, task }))
    const answers = await Promise.all(calls.map((each) => this.#call(each)))
    // By a header that is decided on, too: an answer may be lost where more was sent than the request.
    const reached = new Map(echo.reached.map((each) => [each.headers['idempotency-key'], each]))
    assert.equal(reached.size, echo.reached.length, 'each call was sent once')
    for (const [i, { key, plan }] of calls.entries()) {
      const answer = answers[i]
      assert.ok(answer)
      const seen = reached.get(key)
      reached.delete(key)
      try {
        if (seen) await this.#compare(plan, seen)
        else this.#isRefused(answer)
      } catch (error) {
        throw new Error(`${shown(plan)} was answered ${answer.text}`, { cause: error })
      }
    }
    assert.deepEqual([...reached.values()], [], 'nothing reached the API but what was answered')
    for (const id of await this.#books.left()) await this.#wasNotSent(id)
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

  #isRefused({ body, status, text }: PacketAnswer): void {
    this.counts.refused++
    const code = String(body.code ?? status)
    this.counts.codes[code] = (this.counts.codes[code] ?? 0) + 1
    assert.ok(status === 0 || status >= 400, text)
  }

  /** Waits until it is in the books that a permitted call was not sent. */
  async #wasNotSent(id: string): Promise<void> {
    this.counts.notSent++
    await until(async () => {
      const { decision } = await this.#books.take(id)
      return decision.state === 'not_sent' || undefined
    })
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
const AT_ONCE = 8

/** Compares so many generated requests. Answers what became of them. */
export async function compareRequests(world: World, count: number): Promise<Counts> {
  const comparison = await RequestComparison.start(world)
  const groups = fc.array(requestPlans, { minLength: AT_ONCE, maxLength: AT_ONCE })
  const numRuns = Math.ceil(count / AT_ONCE)
  const property = fc.asyncProperty(groups, (plans) => comparison.send(plans))
  // The requests of a group are too long to print or to make smaller; its error tells the one that differs.
  const { counterexamplePath, errorInstance, failed, seed } = await fc.check(property, {
    ...{ numRuns, endOnFailure: true },
  })
  if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance })
  return comparison.counts
}

const MAX_SHOWN = 1_000

function shown({ framing, sending }: RequestPlan): string {
  const { body, ...of } = sending
  const begin = body.toString('latin1', 0, MAX_SHOWN)
  return `${JSON.stringify({ ...of, framing })} of ${body.length} bytes, ${JSON.stringify(begin)}`
}
