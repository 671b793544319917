import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { pathOf } from './request-gate.ts'

export interface RawContext {
  readonly requestId: string
  readonly log: Logger
}

/** A handler that takes its requests before the router, as Node made them: protocol engines and fast paths. */
export interface RawHandler {
  /** Name in the log, where the path would be. */
  readonly name: string
  /** Exact paths, or everything below one that ends in `/`. */
  readonly paths: readonly string[]
  /** What it answers is in the books, so the log has a line for it at the level `debug` only; what it refuses is logged as always. */
  readonly inBooks?: boolean
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    context: RawContext,
  ): Promise<void> | void
}

export function findRaw(handlers: readonly RawHandler[], target: string): RawHandler | undefined {
  const path = pathOf(target)
  return handlers.find((handler) =>
    handler.paths.some((own) => path === own || (own.endsWith('/') && path.startsWith(own))),
  )
}
