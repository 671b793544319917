import { isUncertain } from '../failure.ts'
import type { CommitResult, Step, Storage } from '../storage.ts'

/** Time that a commit waits for others to share one transaction, in ms. */
const WAIT_MS = 5
/** Number of commits that do not wait for others. */
const ENOUGH = 32

interface WaitingCommit {
  readonly steps: readonly Step[]
  resolve(result: CommitResult): void
  reject(error: unknown): void
}

/**
 * Commits that no caller waits for, such as the ends of calls, some of them in one transaction: each has its own statements, and all of
 * them one BEGIN, one COMMIT and two round trips.
 */
export class SharedCommits {
  readonly #commit: Storage['commit']
  #waiting: WaitingCommit[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #running = new Set<Promise<void>>()

  constructor(commit: Storage['commit']) {
    this.#commit = commit
  }

  /** Commits all steps or none, as `Storage.commit` does. */
  commit(steps: readonly Step[]): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ steps, resolve, reject })
      if (this.#waiting.length >= ENOUGH) this.#send()
      else this.#timer ??= setTimeout(() => this.#send(), WAIT_MS)
    })
  }

  /** Sends what waits, and answers when all that was sent is over. */
  async flush(): Promise<void> {
    this.#send()
    await Promise.all(this.#running)
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting.splice(0)
    if (waiting.length === 0) return
    const run = this.#run(waiting).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #run(waiting: readonly WaitingCommit[]): Promise<void> {
    if (waiting.length > 1 && (await this.#together(waiting))) return
    await Promise.all(waiting.map((each) => this.#alone(each)))
  }

  /** False: nothing happened, because of one of them. */
  async #together(waiting: readonly WaitingCommit[]): Promise<boolean> {
    try {
      const result = await this.#commit(waiting.flatMap(({ steps }) => steps))
      if (result.committed) for (const { resolve } of waiting) resolve(result)
      return result.committed
    } catch (error) {
      // INVARIANT: a commit that may have taken place is not done again: its guard would take the first for another writer's.
      if (!isUncertain(error)) return false
      for (const { reject } of waiting) reject(error)
      return true
    }
  }

  async #alone({ reject, resolve, steps }: WaitingCommit): Promise<void> {
    try {
      resolve(await this.#commit(steps))
    } catch (error) {
      reject(error)
    }
  }
}
