import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { OpenTask } from '../agent.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { World } from '../world.ts'
import { meaningOf } from './api-readers.ts'
import { type BodyPlan, bodyPlans } from './bodies.ts'
import {
  type CallAnswer,
  CallComparison,
  type ComparedGateway,
  type Counts,
  compareGenerated,
} from './call-comparison.ts'
import { type FramingPlan, framed, framings } from './framings.ts'
import { sendPackets } from './send-packets.ts'

/** One request through Remit's own gateway. */
export interface RequestPlan {
  readonly sending: BodyPlan
  readonly framing: FramingPlan
}

export const requestPlans: fc.Arbitrary<RequestPlan> = fc.record({
  sending: bodyPlans,
  framing: framings,
})

interface HeldTask {
  readonly open: OpenTask
  readonly token: string
}

/** Remit's own gateway in front of the echo API, and the task of an agent that calls it. */
export class RemitGateway implements ComparedGateway<RequestPlan> {
  readonly api = 'echo'
  readonly tellsOutcome = true
  readonly #world: World
  #task: HeldTask | undefined

  private constructor(world: World) {
    this.#world = world
  }

  /** Takes the echo API of a world into the trust domain. */
  static async start(world: World): Promise<RemitGateway> {
    await world.trustEcho()
    return new RemitGateway(world)
  }

  async renew(): Promise<void> {
    const { agent, gateway } = this.#world
    // Nobody answers questions of calls whose answer was lost.
    if (this.#task) await agent.revoke(this.#task.open.token)
    const open = await this.#world.open()
    this.#task = { open, token: await agent.token(open, `${gateway}/${this.api}`) }
  }

  /** Task of the calls. */
  async task(): Promise<HeldTask> {
    if (!this.#task) await this.renew()
    return this.#task ?? assert.fail('it was opened')
  }

  async call({ framing, sending }: RequestPlan, key: string): Promise<CallAnswer> {
    const { agent, gateway } = this.#world
    const { open, token } = await this.task()
    const { method, path, type } = sending
    const url = `${gateway}/${this.api}${path}`
    const [bare = ''] = url.split('?')
    const proof = await agent.proof(open.key, { method, url: bare, token })
    const lines = [
      `${method} /${this.api}${path} HTTP/1.1`,
      `Host: ${new URL(url).host}`,
      `Authorization: DPoP ${token}`,
      `DPoP: ${proof}`,
      `Idempotency-Key: ${key}`,
      'Connection: close',
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ]
    const { packets } = framed(lines, sending.body, framing)
    // Where more was sent than the request, its answer may be lost.
    const ends = framing.how === 'short' || framing.how === 'unended'
    return sendPackets(gateway, packets, ends)
  }

  compare({ framing, sending }: RequestPlan, seen: ReceivedRequest): void {
    const { body } = framed([], sending.body, framing)
    assert.ok(body, 'it was whole')
    assert.deepEqual([seen.method, seen.target], [sending.method, sending.path])
    assert.deepEqual(meaningOf(seen), meaningOf({ ...seen, bytes: body }), 'as it was sent')
    assert.ok(!('x-trailer' in seen.headers))
  }

  passes(): boolean {
    return false
  }

  show({ framing, sending }: RequestPlan): string {
    const { body, ...of } = sending
    const begin = body.toString('latin1', 0, MAX_SHOWN)
    return `${JSON.stringify({ ...of, framing })} of ${body.length} bytes, ${JSON.stringify(begin)}`
  }
}

const MAX_SHOWN = 1_000

/** Compares so many generated requests through Remit's own gateway for each seed. Answers what became of them. */
export async function compareRequests(
  world: World,
  count: number,
  seeds: readonly number[],
): Promise<Counts> {
  const comparison = await CallComparison.start(world, await RemitGateway.start(world))
  for (const seed of seeds) await compareGenerated(comparison, requestPlans, { count, seed })
  await comparison.settle()
  return comparison.counts
}
