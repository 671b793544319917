import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProblemCode } from './problem.ts'

/** Name of a part of Remit that answers requests, such as `gateway` or `authzen`. A word of ours, never what the caller wrote. */
export type EdgeName = string

/** A call by gRPC that is answered once. */
export interface RpcCall {
  /** Service and method: `envoy.service.auth.v3.Authorization/Check` */
  readonly method: string
  readonly edge: EdgeName
  /** Reads the headers, by names in lower case. */
  headers(): Readonly<Record<string, string>>
}

/** Observer of requests. No request waits for it, and none fails because of it. */
export interface RequestObserver {
  /** Follows a request until its answer has ended. Runs what handles it, within its trace where it has one. */
  follow<T>(request: IncomingMessage, response: ServerResponse, handle: () => T): T
  /** Follows a call by gRPC until its answer, as `follow` does. `statusOf`: the status of HTTP that an answer stands for. */
  followCall<T>(
    call: RpcCall,
    handle: () => Promise<T>,
    statusOf: (answer: T) => number,
  ): Promise<T>
  /**
   * Names the place that a followed request came to. `route`: a pattern or a name of ours, never
   * what the caller wrote.
   */
  place(request: IncomingMessage, edge: EdgeName, route?: string): void
  /** Counts a problem that a caller is told. */
  refused(code: ProblemCode): void
}

/** Observer that lets requests pass. */
export const UNOBSERVED: RequestObserver = {
  follow: (_request, _response, handle) => handle(),
  followCall: (_call, handle) => handle(),
  place: () => {},
  refused: () => {},
}
