import assert from 'node:assert/strict'
import type { OpenTask, TestAgent } from '../agent.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'

interface SentCall {
  readonly mark: string
  readonly task: string
  /** True when closing or suspending its task had returned before it was sent. */
  readonly afterEnd: boolean
  answer?: Answer | undefined
}

/**
 * Calls with a mark of their own each, and what the API saw of them: the invariants are counted from outside, by what reached the API,
 * never by what a server says of itself.
 */
export class Traffic {
  readonly #w: World
  readonly #sent: SentCall[] = []
  readonly #ended = new Set<string>()
  readonly #budgets = new Map<string, number>()
  readonly #tokens = new Map<string, Promise<string>>()
  #next = 0

  constructor(w: World) {
    this.#w = w
    w.echo.forget()
  }

  mark(): string {
    return `m${this.#next++}`
  }

  /** A call through this server; what goes wrong on the way (a killed server) is no answer. */
  async call(
    agent: TestAgent,
    task: OpenTask,
    how: {
      readonly method?: string
      readonly mark?: string
      readonly proofs?: readonly string[]
    } = {},
  ): Promise<Answer | undefined> {
    const { mark = this.mark(), method = 'GET', proofs } = how
    const sent: SentCall = { mark, task: task.id, afterEnd: this.#ended.has(task.id) }
    this.#sent.push(sent)
    const token = await this.#tokenOf(task).catch(() => undefined)
    if (token === undefined) return undefined
    const calling = { token, ...(proofs ? { proofs } : {}) }
    sent.answer = await agent.call(task, method, pathOf(mark), calling).catch(() => undefined)
    return sent.answer
  }

  proof(task: OpenTask, token: string, mark: string): Promise<string> {
    const url = this.#w.gateway + pathOf(mark)
    return this.#w.agent.proof(task.key, { method: 'GET', url, token })
  }

  /**
   * Takes a token while the task is alive, so that a refusal is the server's and not the token
   * endpoint's.
   */
  tokenOf(task: OpenTask): Promise<string> {
    return this.#tokenOf(task)
  }

  #tokenOf(task: OpenTask): Promise<string> {
    const known = this.#tokens.get(task.id)
    if (known) return known
    const token = this.#w.agent.token(task, `${this.#w.gateway}/echo`)
    this.#tokens.set(task.id, token)
    return token
  }

  /** Remembers that ending the task has returned: nothing sent from now on may reach the API. */
  ended(task: OpenTask): void {
    this.#ended.add(task.id)
  }

  /** Remembers that the task may make so many calls. */
  budget(task: OpenTask, calls: number): void {
    this.#budgets.set(task.id, calls)
  }

  /** Counts how often each mark reached the API. */
  reached(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { target } of this.#w.echo.reached) {
      const mark = target.split('/').at(-1) ?? ''
      counts.set(mark, (counts.get(mark) ?? 0) + 1)
    }
    return counts
  }

  /** Throws when anything happened that a promise excludes. Answers how many calls reached the API. */
  assertInvariants(): number {
    const reached = this.reached()
    for (const [mark, count] of reached)
      assert.equal(count, 1, `${mark} was executed ${count} times`)
    for (const { afterEnd, mark, task } of this.#sent)
      assert.ok(!afterEnd || !reached.has(mark), `${mark} of ${task} was permitted after its end`)
    for (const { answer, mark } of this.#sent)
      assert.ok(answer?.status !== 200 || reached.has(mark), `${mark} was answered and never sent`)
    for (const [task, most] of this.#budgets) {
      const marks = new Set(
        this.#sent.filter((each) => each.task === task).map((each) => each.mark),
      )
      const made = [...marks].filter((mark) => reached.has(mark)).length
      assert.ok(made <= most, `${task} made ${made} of ${most} calls`)
    }
    return reached.size
  }
}

function pathOf(mark: string): string {
  return `/echo/things/${mark}`
}
