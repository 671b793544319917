import assert from 'node:assert/strict'
import type { OpenTask } from '../agent.ts'
import type { CallAnswer, ComparedGateway, Counts } from '../differential/call-comparison.ts'
import type { ReceivedRequest } from '../upstream.ts'
import type { FramedCall } from './framed-calls.ts'
import { type Store, storeTask } from './store.ts'
import { sendOver, type Transport } from './transport.ts'

interface HeldTask {
  readonly task: OpenTask
  readonly token: string
}

/** A gateway of others in front of a store, that is called in one version of HTTP. */
export class FramedGateway implements ComparedGateway<FramedCall> {
  readonly api = 'store'
  readonly tellsOutcome = false
  readonly #store: Store
  readonly #sendsBodies: boolean
  #held: HeldTask | undefined
  /** Version of HTTP of the next calls. */
  transport: Transport

  constructor(
    store: Store,
    given: { readonly sendsBodies: boolean; readonly transport: Transport },
  ) {
    this.#store = store
    this.#sendsBodies = given.sendsBodies
    this.transport = given.transport
  }

  async renew(): Promise<void> {
    if (this.#held) await this.#store.world.agent.revoke(this.#held.task.token)
    this.#held = await storeTask(this.#store)
  }

  async call({ body, form, method, path, type }: FramedCall, key: string): Promise<CallAnswer> {
    const { task, token } = this.#held ?? assert.fail('a task was opened')
    const { identifier, world } = this.#store
    const url = identifier + path
    const [bare = ''] = url.split('?')
    const proof = await world.agent.proof(task.key, { method, url: bare, token })
    const headers = [
      ['Authorization', `DPoP ${token}`],
      ['DPoP', proof],
      ['Idempotency-Key', key],
      ...(type === undefined ? [] : [['Content-Type', type] as const]),
    ] as const
    try {
      return await sendOver(this.transport, this.#store, url, {
        method,
        headers,
        body,
        framing: form,
      })
    } catch (error) {
      assert.match(String(error), ENDED)
      return undefined
    }
  }

  compare(plan: FramedCall, seen: ReceivedRequest): void {
    assert.deepEqual([seen.method, seen.target], [plan.method, `/${this.api}${plan.path}`])
    // Some drop what no request of that method has, and that is decided on as none.
    if (seen.bytes.length === 0) return
    assert.ok(this.#sendsBodies && plan.form !== 'none' && plan.form !== 'empty')
    assert.ok(/^(?:POST|PATCH)$/.test(plan.method), 'no other has a body')
    assert.ok(seen.bytes.equals(plan.body), 'as it was sent')
  }

  passes({ passes }: FramedCall): boolean {
    return passes
  }

  show({ body, form, method, path, type }: FramedCall): string {
    const begin = JSON.stringify(body.toString('latin1', 0, MAX_SHOWN))
    return `${this.transport}: ${method} ${path} ${type} ${form}, ${body.length} bytes ${begin}`
  }
}

const MAX_SHOWN = 500

/** Errors of a gateway that ends the connection or the stream without an answer. */
export const ENDED = /socket hang up|ECONNRESET|HTTP2/i

/** Fails where next to nothing got through. */
export function isPlausible({ empty, lost, sent }: Counts, sendsBodies: boolean): void {
  assert.ok(empty > 0, 'calls without a body get through')
  assert.ok(lost <= empty / 10, `${lost} of them were lost, and ${empty} got through`)
  assert.ok(!sendsBodies || sent > empty, 'and with one')
}
