import { MINUTE } from '../../platform/lib/time-units.ts'

/**
 * Limits of MCP calls: how long they are held for people, and how much a server may answer. Times
 * in milliseconds.
 */
export interface McpLimits {
  /** Maximum bytes of one answer of a server, with everything it sends before it. */
  readonly resultBytes: number
  /** Maximum messages of a server before its answer. */
  readonly events: number
  /** Maximum time from a request to the server's answer. */
  readonly answersWithin: number
  /**
   * Maximum time that a call waits for people: with a client that is told about progress, and with
   * one that is not.
   */
  readonly hold: { readonly withProgress: number; readonly without: number }
  /** Maximum time between two progress messages to a waiting client. */
  readonly progressEvery: number
  /** Interval of the check whether people have answered. */
  readonly lookEvery: number
  /** Maximum of calls that are held at once, and of the bytes of all their arguments together. */
  readonly held: { readonly perTask: number; readonly all: number; readonly bytes: number }
  /**
   * Minimum time between two checks of a server in use: whether its definitions are still the
   * reviewed ones. 0: never checked.
   */
  readonly definitionsEvery: number
  /** Time that a client is told to wait before it asks again, in seconds. */
  readonly retryAfter: number
}

/**
 * Default limits. Clients that hear nothing give up after 60 s, some proxies after four minutes in
 * any case.
 */
export const MCP_LIMITS: McpLimits = {
  resultBytes: 10 * 1024 * 1024,
  events: 10_000,
  answersWithin: 5 * MINUTE,
  hold: { withProgress: 210_000, without: 55_000 },
  progressEvery: 10_000,
  lookEvery: 500,
  held: { perTask: 8, all: 1_000, bytes: 64 * 1024 * 1024 },
  definitionsEvery: MINUTE,
  retryAfter: 30,
}
