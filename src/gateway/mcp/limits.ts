/** How long MCP calls are held for people, and how much may come back. Times in milliseconds. */
export interface McpLimits {
  /** Most bytes of one answer of a server, with everything it tells on the way. */
  readonly resultBytes: number
  /** Most messages of a server before its answer. */
  readonly events: number
  /** From a request to the server's answer. */
  readonly answersWithin: number
  /** How long a call waits for people: with a client that is told about progress, and with one that is not. */
  readonly hold: { readonly withProgress: number; readonly without: number }
  /** Between two signs of life to a waiting client, at most. */
  readonly progressEvery: number
  /** How often it is looked whether people have answered. */
  readonly lookEvery: number
  /** Calls that are held at once, and the arguments of all of them together. */
  readonly held: { readonly perTask: number; readonly all: number; readonly bytes: number }
  /** How often a server that is in use is asked whether its definitions are what was reviewed, at most; 0: never. */
  readonly definitionsEvery: number
  /** What a client is told to wait before it asks again, in seconds. */
  readonly retryAfter: number
}

/** Clients that hear nothing give up after 60 s, some proxies after four minutes whatever they hear. */
export const MCP_LIMITS: McpLimits = {
  resultBytes: 10 * 1024 * 1024,
  events: 10_000,
  answersWithin: 300_000,
  hold: { withProgress: 210_000, without: 55_000 },
  progressEvery: 10_000,
  lookEvery: 500,
  held: { perTask: 8, all: 1_000, bytes: 64 * 1024 * 1024 },
  definitionsEvery: 60_000,
  retryAfter: 30,
}
