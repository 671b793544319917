import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProblemCode } from './problem.ts'

/** Name of a part of Remit that answers requests. */
export type EdgeName =
  | 'api'
  | 'authzen'
  | 'chat'
  | 'forward-auth'
  | 'gateway'
  | 'health'
  | 'oauth'
  | 'pages'
  | 'token'

/** Observer of requests. No request waits for it, and none fails because of it. */
export interface RequestObserver {
  /** Follows a request until its answer has ended. Runs what handles it, within its trace where it has one. */
  follow<T>(request: IncomingMessage, response: ServerResponse, handle: () => T): T
  /**
   * Names the place that a followed request came to. `route`: a pattern or a name of ours, never
   * what the caller wrote.
   */
  place(request: IncomingMessage, edge: EdgeName, route?: string): void
  /** Counts a problem that a caller is told. */
  refused(code: ProblemCode): void
}
