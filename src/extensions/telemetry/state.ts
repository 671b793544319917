import { countPending } from '../../approvals/access-requests/index.ts'
import { listExpiring } from '../../identity/connections/index.ts'
import { notificationBacklog } from '../../identity/notifications/index.ts'
import type { HealthCheck } from '../../platform/http/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { ServerRelease, ServerState } from '../server-observer.ts'
import type { Instruments } from './instruments.ts'

type ObservedParts = ServerState & { readonly release: ServerRelease }

interface Measurement {
  readonly at: number
  readonly waiting: { readonly access: number; readonly token: number }
  readonly intake: number
  readonly backlog: Awaited<ReturnType<typeof notificationBacklog>>
  readonly expiring: Awaited<ReturnType<typeof listExpiring>>
}

/**
 * Measures the state of a server.
 * INVARIANT: a reader of metrics never waits for the store. State that only the store knows is
 * measured at intervals (`measure`), and its age is a metric too.
 */
export class ObservedState {
  readonly #parts: ObservedParts
  readonly #clock: Clock
  #last: Measurement | undefined
  #health: readonly (readonly [string, number])[] = []
  #begun: number

  constructor(instruments: Instruments, clock: Clock, parts: ObservedParts) {
    this.#parts = parts
    this.#clock = clock
    this.#begun = clock.monotonic()
    this.#observeOwn(instruments)
    this.#observeStored(instruments)
  }

  /** Measures state that only the store knows. */
  async measure(): Promise<void> {
    const { ledger, notifications, room, storage } = this.#parts
    this.#health = await Promise.all(
      this.#parts.checks.map(async (each) => [each.name, await passes(each)]),
    )
    const at = this.#clock.monotonic()
    const waiting = {
      access: await countPending(storage.read),
      token: (await room?.waiting()) ?? 0,
    }
    const backlog = await notificationBacklog(notifications)
    const expiring = await listExpiring(storage.read)
    this.#last = { at, waiting, intake: await ledger.waiting(), backlog, expiring }
  }

  #observeOwn(instruments: Instruments): void {
    const { disk, ledger, live, release, storage } = this.#parts
    const { commit = 'unknown', schema, version } = release
    const build = { version, commit, schema: `${schema}`, engine: storage.engine }
    instruments.observe('remit.build.info', () => [[1, build]])
    instruments.observe('remit.lease.age', () => live.sinceRenewal() / 1_000)
    instruments.observe('remit.ledger.lag', () => ledger.sinceSequenced() / 1_000)
    instruments.observe('remit.ledger.records', () => ledger.signedSize)
    instruments.observe('remit.ledger.damaged', () => (ledger.damage === undefined ? 0 : 1))
    instruments.observe('remit.refusals.unrecorded', () =>
      Object.entries(ledger.refusals.totals).map(([kind, count]) => [count, { kind }]),
    )
    instruments.observe('remit.disk.free', () => disk.measured?.free)
    instruments.observe('remit.disk.reserve', () => disk.measured?.reserve)
    instruments.observe('remit.storage.writes', () => storage.load().writes)
    const pools = () =>
      storage
        .load()
        .pools.map((pool) => [pool, { 'db.client.connection.pool.name': pool.name }] as const)
    instruments.observe('db.client.connection.count', () =>
      pools().flatMap(([{ idle, used }, name]) => [
        [idle, { ...name, 'db.client.connection.state': 'idle' }] as const,
        [used, { ...name, 'db.client.connection.state': 'used' }] as const,
      ]),
    )
    instruments.observe('db.client.connection.max', () =>
      pools().map(([{ max }, name]) => [max, name]),
    )
    instruments.observe('db.client.connection.pending_requests', () =>
      pools().map(([{ waiting }, name]) => [waiting, name]),
    )
  }

  #observeStored(instruments: Instruments): void {
    const last = () => this.#last
    instruments.observe(
      'remit.measurement.age',
      () => (this.#clock.monotonic() - (last()?.at ?? this.#begun)) / 1_000,
    )
    instruments.observe('remit.health', () => this.#health.map(([check, ok]) => [ok, { check }]))
    instruments.observe('remit.ledger.waiting', () => last()?.intake)
    instruments.observe('remit.requests.waiting', () =>
      Object.entries(last()?.waiting ?? {}).map(([kind, count]) => [count, { kind }]),
    )
    instruments.observe('remit.connection.expiry', () =>
      (last()?.expiring ?? []).map(({ expiresAt, name }) => [
        (expiresAt - this.#clock.now()) / 1_000,
        { connection: name },
      ]),
    )
    instruments.observe('remit.outbox.failing', () => last()?.backlog.failing)
    instruments.observe('remit.outbox.overdue', () => {
      const overdue = last()?.backlog.overdueMs
      return overdue === undefined ? undefined : overdue / 1_000
    })
  }
}

async function passes({ check }: HealthCheck): Promise<number> {
  try {
    await check()
    return 1
  } catch {
    return 0
  }
}
