import cluster from 'node:cluster'
import type { Logger } from '../../platform/http/index.ts'
import { repeat, systemWait, type Wait } from '../../platform/lib/repeat.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { Child, type ProcessEnd } from './child.ts'
import { HEARTBEAT_EVERY_MS, VARIABLES } from './messages.ts'

/** Pause before a process is started again, in ms. It doubles with each end that comes soon after a start. */
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
/** Time after which a process counts as one that had started well, in ms. */
const LONG_ENOUGH_MS = MINUTE

export interface SuperviseOptions {
  /** Number of processes that serve. */
  readonly count: number
  readonly log: Logger
  /** Variables for them beside our own environment, as they are when one is started. */
  readonly environment: () => Readonly<Record<string, string>>
  /** Resolves when they have to stop. */
  readonly signalled: Promise<unknown>
  /** Resolves when nothing can be written any more: all of them end at once. */
  readonly lost?: Promise<Error> | undefined
  /** Called once when the first of them serves. */
  readonly onReady: (all: () => readonly Child[]) => Promise<void> | void
  /** Called once a second from then on. */
  readonly onWatch?: (() => void) | undefined
  /** Monotonic milliseconds. */
  readonly monotonic: () => number
  readonly wait?: Wait
}

/** Processes that serve together, and what starts them again. */
class Supervisor {
  readonly #options: SuperviseOptions
  readonly #children = new Map<number, Child>()
  readonly #stopping = new AbortController()
  #worst = 0

  constructor(options: SuperviseOptions) {
    this.#options = options
  }

  get all(): readonly Child[] {
    return [...this.#children.values()]
  }

  /**
   * Starts the first, then the others: what keeps all of them from starting is told once. Answers an exit code where the first does not
   * start. From then on there is a server, so another that ends before it serves ends none of them: it is started again.
   */
  async start(): Promise<number | undefined> {
    const { count } = this.#options
    const first = this.#fork(1, { [VARIABLES.first]: 'yes' })
    const failed = await startFailure(first)
    if (failed !== undefined) return failed
    void this.#keep(first)
    for (let number = 2; number <= count; number++) void this.#keep(this.#fork(number))
    return undefined
  }

  /** Ends processes that hang, so that they are started again. */
  watch(): void {
    const { log, onWatch } = this.#options
    onWatch?.()
    for (const child of this.all)
      if (child.missed()) {
        log.error({ process: child.number }, 'a process gives no sign of life and is ended')
        child.kill()
      }
  }

  /** Lets all of them stop in order. Answers the worst of their exit codes. */
  async stop(): Promise<number> {
    this.#stopping.abort()
    const all = this.all
    for (const child of all) child.stop()
    for (const { code } of await Promise.all(all.map(({ ended }) => ended)))
      this.#worst = Math.max(this.#worst, code ?? 1)
    return this.#worst
  }

  kill(): void {
    this.#stopping.abort()
    for (const child of this.all) child.kill()
  }

  #fork(number: number, more: Readonly<Record<string, string>> = {}): Child {
    const child = new Child(number, { ...this.#options.environment(), ...more })
    this.#children.set(number, child)
    return child
  }

  /** Starts a process again whenever it ends, more slowly where it ends soon. */
  async #keep(first: Child): Promise<void> {
    const { log, monotonic, wait = systemWait } = this.#options
    const { number } = first
    const { signal } = this.#stopping
    let pause = MIN_PAUSE_MS
    for (let child = first; ; child = this.#fork(number)) {
      const begun = monotonic()
      const end = await child.ended
      if (signal.aborted) return
      if (monotonic() - begun > LONG_ENOUGH_MS) pause = MIN_PAUSE_MS
      log.error({ process: number, ...said(end), pause }, 'a process ended and is started again')
      await wait(pause, signal)
      if (signal.aborted) return
      pause = Math.min(pause * 2, MAX_PAUSE_MS)
    }
  }
}

function said({ code, signal }: ProcessEnd) {
  return signal === null ? { code } : { signal }
}

/** Waits until a process serves. Answers its exit code if it ends before. */
async function startFailure(child: Child): Promise<number | undefined> {
  const ended = child.ended.then(({ code }) => code || 1)
  return Promise.race([child.ready.then(() => undefined), ended])
}

/**
 * Runs several processes that serve on the same addresses: this one accepts connections and gives each to one of them in turn. Answers
 * an exit code when all of them have ended.
 */
export async function supervise(options: SuperviseOptions): Promise<number> {
  const { log, lost, onReady, signalled } = options
  // A process that hangs is given one connection at most: the next one comes when it has taken it.
  cluster.schedulingPolicy = cluster.SCHED_RR
  const supervisor = new Supervisor(options)
  const over = Promise.race([
    signalled.then(() => 'stop' as const),
    ...(lost ? [lost.then(() => 'lost' as const)] : []),
  ])
  const failed = await Promise.race([supervisor.start(), over])
  // What kept a process from serving it has said itself, unless something else ended it.
  if (typeof failed === 'number') log.fatal({ code: failed }, 'a process ended before it served')
  if (failed !== undefined) return endSupervision(supervisor, failed)
  const watching = repeat(async () => supervisor.watch(), {
    everyMs: HEARTBEAT_EVERY_MS,
    onError: (err) => log.error({ err }, 'the processes could not be watched'),
  })
  try {
    await onReady(() => supervisor.all)
    return await endSupervision(supervisor, await over)
  } finally {
    await watching.stop()
  }
}

/** `EX_IOERR` of sysexits.h. */
const LOST = 74

async function endSupervision(
  supervisor: Supervisor,
  why: number | 'stop' | 'lost',
): Promise<number> {
  if (why === 'lost') {
    supervisor.kill()
    return LOST
  }
  const worst = await supervisor.stop()
  return why === 'stop' ? worst : why
}
