import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { Problem } from '../lib/problem.ts'
import { pathOf } from './request-gate.ts'

export interface RawContext {
  readonly requestId: string
  readonly log: Logger
  /** What is answered to a request that was refused. One of nobody whom we know is counted, and is told so when there were too many. */
  judge(problem: Problem, counted?: 'counted'): Problem
  /** Says in the log why a request was refused, where its answer does not say it; so often in a minute. */
  explain(problem: Problem): void
  /** What every answer of ours has, name and value in turns. They are set already, but for handlers that answer `atOnce`. */
  headers(): string[]
}

/** A handler that takes its requests before the router, as Node made them: protocol engines and fast paths. */
export interface RawHandler {
  /** Name in the log, where the path would be. */
  readonly name: string
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /** What it answers is in the books, so the log has a line for it at the level `debug` only; what it refuses is logged as always. */
  readonly inBooks?: boolean
  /** It writes the `headers` of the context itself, with its own: setting them one by one costs as much as a short answer. */
  readonly atOnce?: boolean
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: RawContext,
  ): Promise<void> | void
}

/** Who takes a target: the first that has its path. */
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
