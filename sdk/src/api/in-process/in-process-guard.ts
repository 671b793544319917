import { portsOf } from '../../wire/ports.ts'
import { askingRemit, type DirectOptions, guardWith } from '../direct.ts'
import type { Guard } from '../guard.ts'
import { issuerKeys } from '../issuer-keys.ts'
import { type UsedOnce, usedInMemory } from '../used-once.ts'
import { Feed } from './feed.ts'
import { InProcessCalls } from './in-process-calls.ts'
import { KnownTasks } from './known-tasks.ts'
import { Lease } from './lease.ts'
import { Records } from './records.ts'
import { RemitClient } from './remit.ts'
import { type Rules, readBundle } from './rules.ts'

/** Settings of an API that decides in its own process where it can. */
export interface InProcessOptions extends DirectOptions {
  /**
   * `behind` (default): a permit that is given here runs at once and is on record within about a second; what waits when the
   * process dies is lost. `before`: it runs when it is on record.
   */
  readonly record?: 'behind' | 'before'
  /**
   * `ask` (default): Remit is asked about every call that cannot be permitted here. `refuse`: only
   * about the first of each task; all others are refused with 503.
   */
  readonly otherwise?: 'ask' | 'refuse'
  /**
   * Memory of the proofs that were used. Default: in this process. Several processes should share
   * one.
   */
  readonly usedOnce?: UsedOnce
  /** Epoch milliseconds. Default: `Date.now`. With `now`, the clock that says sooner that a lease is over is believed. */
  readonly wall?: () => number
}

/** State of what an API decides in its own process. */
export interface InProcessStatus {
  /** True when calls are decided here now. */
  readonly deciding: boolean
  /** Reason why not: the last error of feed or bundle. */
  readonly failure?: unknown
  /** Milliseconds until nothing is decided here any more, unless Remit is heard of. */
  readonly leaseMs: number
  readonly policyVersion?: number
  /** Tasks whose calls can be decided here. */
  readonly tasks: number
  /** Permits and outcomes that Remit has not been told. */
  readonly queued: number
  /** Answers so far: `permitted` here, and by reason those that were Remit's to give. */
  readonly answers: Readonly<Record<string, number>>
}

/** Guard of an API that decides in its own process. */
export interface InProcessGuard extends Guard {
  /** Resolves when calls can be decided here. Until then, and whenever they cannot, Remit is asked. */
  ready(): Promise<void>
  status(): InProcessStatus
  /** Stops deciding here, and tells Remit what it has not been told. */
  close(): Promise<void>
}

const BUNDLE_TIMEOUT_MS = 10_000
/** Pause after a bundle that could not be had. */
const AGAIN_AFTER_MS = 1_000
/** Time before its end when the next bundle is fetched. */
const RENEW_BEFORE_MS = 300_000

/**
 * Decides calls in this process, with Remit's engine, policies and live state, and asks Remit about
 * what cannot be decided here. When Remit is not heard of, nothing is permitted here within five
 * seconds. Fail closed, as `direct`, with whose options it is set up.
 */
export function inProcess(options: InProcessOptions): InProcessGuard {
  const { issuer, onError = () => {}, resource, secret } = options
  const remit = askingRemit(options)
  const monotonic = options.now ?? (() => performance.now())
  const clocks = { monotonic, wall: options.wall ?? (() => Date.now()) }
  const ports = portsOf({ ...options, now: monotonic })
  const client = new RemitClient(issuer, secret, ports.fetch)
  const lease = new Lease(clocks)
  const tasks = new KnownTasks()
  const records = new Records(client, ports, onError)
  const usedOnce = options.usedOnce ?? usedInMemory(() => lease.now())
  const keys = issuerKeys(options)
  const answers: Record<string, number> = {}
  let rules: Rules | undefined
  let failure: unknown
  let fetching: Promise<void> | undefined
  let notBefore = Number.NEGATIVE_INFINITY
  let begun = () => {}
  const ready = new Promise<void>((resolve) => {
    begun = resolve
  })

  async function fetchRules(epoch: number): Promise<void> {
    try {
      const { bundle } = await client.ask('bundle', { timeoutMs: BUNDLE_TIMEOUT_MS })
      const now = lease.now()
      rules = await readBundle(bundle, { issuer, resource, keys, now, rules: epoch })
      failure = undefined
      begun()
    } catch (error) {
      failure = error
      notBefore = monotonic() + AGAIN_AFTER_MS
      onError(error)
    }
  }

  const feed = new Feed({
    ...{ remit: client, lease, clocks, sleep: ports.sleep, onError },
    listener: {
      reset: () => tasks.clear(),
      drop: (changes) => tasks.drop(changes),
      heard(epoch) {
        const current =
          rules && rules.epoch >= epoch && rules.expiresAt - lease.now() > RENEW_BEFORE_MS
        if (current || fetching || monotonic() < notBefore) return
        fetching = fetchRules(epoch).finally(() => {
          fetching = undefined
        })
      },
    },
  })

  const calls = new InProcessCalls({
    ...{ issuer, resource, remit, feed, lease, tasks, records, usedOnce, monotonic },
    rules: () => rules,
    record: options.record ?? 'behind',
    otherwise: options.otherwise ?? 'ask',
    newId: () => `dec_${base64url(crypto.getRandomValues(new Uint8Array(16)))}`,
    count: (answer) => {
      answers[answer] = (answers[answer] ?? 0) + 1
    },
  })
  const guard = guardWith(options, calls)
  feed.start()
  return {
    ...guard,
    ready: () => ready,
    status: () => ({
      deciding: lease.leftMs > 0 && rules !== undefined && records.open,
      ...(feed.failure === undefined && failure === undefined
        ? {}
        : { failure: feed.failure ?? failure }),
      leaseMs: lease.leftMs,
      ...(rules ? { policyVersion: rules.policyVersion } : {}),
      ...{ tasks: tasks.size, queued: records.size, answers: { ...answers } },
    }),
    async close() {
      await feed.close()
      await fetching
      await records.close()
    },
  }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
