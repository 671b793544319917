import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Problem } from '../lib/problem.ts'
import type { EdgeName } from '../lib/request-observer.ts'
import { pathOf } from './request-gate.ts'

export interface RawContext {
  readonly requestId: string
  readonly log: Logger
  /**
   * Chooses the answer to a refused request. The refusal of a stranger is counted, and replaced by
   * 429 when there were too many. `counted`: it was counted before.
   */
  judge(problem: Problem, counted?: 'counted'): Problem
  /**
   * Logs why a request was refused, where its answer does not say it, within the limit of lines per
   * minute.
   */
  explain(problem: Problem): void
  /**
   * Headers of every answer of ours, name and value in turns. They are set already, except for
   * handlers that answer `atOnce`.
   */
  headers(): string[]
}

/** A handler that takes its requests before the router, as Node made them: protocol engines and fast paths. */
export interface RawHandler {
  /** Name in the log, where the path would be. */
  readonly name: string
  /** Edge that it belongs to, for metrics. Default: `oauth`. */
  readonly edge?: EdgeName
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /**
   * True when its answers are in the ledger, so that the log has a line for them at the level
   * `debug` only; refusals are logged as always.
   */
  readonly inBooks?: boolean
  /** True for work of programs, which is refused at once where too much of it is under way. */
  readonly isWork?: boolean
  /**
   * True when it writes the `headers` of the context itself, with its own: setting them one by one
   * costs as much as a short answer.
   */
  readonly atOnce?: boolean
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: RawContext,
  ): Promise<void> | void
}

/** Makes a function that finds the handler of a target: the first that has its path. */
export function rawFinder(
  handlers: readonly RawHandler[],
): (target: string) => RawHandler | undefined {
  const all = handlers.flatMap((handler, order) =>
    handler.paths.map((path) => ({ handler, order, path })),
  )
  const exact = new Map(all.toReversed().map((each) => [each.path, each]))
  const below = all.filter(({ path }) => path.endsWith('/'))
  return (target) => {
    const path = pathOf(target)
    const [one, other] = [exact.get(path), below.find((each) => path.startsWith(each.path))]
    return (other && (!one || other.order < one.order) ? other : one)?.handler
  }
}
