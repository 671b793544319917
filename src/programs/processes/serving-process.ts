import cluster from 'node:cluster'
import { repeat } from '../../platform/lib/repeat.ts'
import type { EarlierReading } from '../../platform/revocation/index.ts'
import { earlierReading } from './followed-clock.ts'
import { HEARTBEAT_EVERY_MS, type ToChild, type ToParent, VARIABLES } from './messages.ts'

/** One of several processes that serve together, as it sees itself. */
export interface ServingProcess {
  /** From 1 on. A process that is started again has the number of the one before. */
  readonly number: number
  /** True for the first one of a start, which tells people what to do next. */
  readonly isFirst: boolean
  /** Socket of the process that writes; absent where each reaches the database. */
  readonly writer: string | undefined
  /** Reading of the clock before this process was started; absent where the database has a clock of its own. */
  readonly earlier: EarlierReading | undefined
  /** Resolves when it is told to stop, however often that is. */
  readonly told: Promise<NodeJS.Signals>
  /** Reports that it serves, and sends heartbeats from now on. */
  ready(metrics: (() => Promise<string>) | undefined): void
  /** Lets the process end by itself, which the line to its parent would keep from ending. */
  fail(): void
}

/** Answers what this process is among several; undefined for one that serves alone, or was started to serve by several. */
export function servingProcess(): ServingProcess | undefined {
  const { env } = process
  const number = Number(env[VARIABLES.number])
  if (!cluster.isWorker || !Number.isSafeInteger(number) || number < 1) return undefined
  let metricsOf: (() => Promise<string>) | undefined
  cluster.worker?.on('error', () => {}) // The parent is gone. `disconnect` follows, which ends this process.
  const told = new Promise<NodeJS.Signals>((resolve) => {
    // A terminal and some supervisors signal every process; the parent tells it, too. Once is enough.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal))
    process.on('message', (message: ToChild) => {
      if (message.kind === 'stop') resolve('SIGTERM')
      else if (message.kind === 'metrics') void answerMetrics(message.id, metricsOf)
    })
  })
  return {
    number,
    isFirst: env[VARIABLES.first] !== undefined,
    writer: env[VARIABLES.writer],
    earlier: earlierReading(env[VARIABLES.clock]),
    told,
    ready(metrics) {
      metricsOf = metrics
      sendToParent({ kind: 'ready' })
      const sign = async () => sendToParent({ kind: 'alive' })
      repeat(sign, { everyMs: HEARTBEAT_EVERY_MS, onError: () => {} })
    },
    fail() {
      process.channel?.unref()
    },
  }
}

async function answerMetrics(
  id: number,
  metrics: (() => Promise<string>) | undefined,
): Promise<void> {
  const text = await metrics?.().catch(() => undefined)
  sendToParent({ kind: 'metrics', id, text })
}

/** Tells the parent; when it is gone, this process ends anyhow. */
function sendToParent(message: ToParent): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {})
}
