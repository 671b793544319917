import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { Redactor } from '../../platform/lib/redaction/redactor.ts'
import { MCP, type RpcNotification } from '../../platform/net/index.ts'
import { isLogLevel, isWanted, type LogLevel } from '../mcp-sessions/index.ts'
import { scrub } from './scrub.ts'

const MAX_LOGGER = 200
/** Maximum messages that wait while it is looked up which of them a session wants. */
const MAX_WAITING = 100

/**
 * Reads the least level of log messages that a client wants to hear of in a request of 2026-07-28
 * ("Logging"). Undefined: of none. False: it is no level.
 */
export function logLevelOf(meta: Json | undefined): LogLevel | false | undefined {
  const level = isObject(meta) ? meta.get(MCP.meta.logLevel) : undefined
  if (level === undefined) return undefined
  return isLogLevel(level) ? level : false
}

/** Writes a server's log message for the client that wants this level; `undefined`: it does not. */
export function logMessage(
  { method, params }: RpcNotification,
  wanted: LogLevel,
  redactor: Redactor,
): JsonObject | undefined {
  if (method !== 'notifications/message') return undefined
  const { data, level, logger } = Object.fromEntries(scrub(params, redactor))
  if (!isLogLevel(level) || !isWanted(level, wanted)) return undefined
  return new Map<string, Json>([
    ['level', level],
    ...(typeof logger === 'string' ? [['logger', logger.slice(0, MAX_LOGGER)] as const] : []),
    ['data', data ?? null],
  ])
}

/**
 * Log messages that a server says outside of any call, for the stream of a session.
 * INVARIANT: the level is asked for after a message came, so that it is of now, and that of all replicas.
 */
export class SessionLog {
  readonly #level: () => Promise<LogLevel | undefined>
  readonly #tell: (message: JsonObject) => void
  #waiting: { readonly said: RpcNotification; readonly redactor: Redactor }[] = []
  #telling = false

  /** `level`: undefined where nothing is to be told now. */
  constructor(level: () => Promise<LogLevel | undefined>, tell: (message: JsonObject) => void) {
    this.#level = level
    this.#tell = tell
  }

  /** Takes a message; drops it when too many wait. */
  async hear(said: RpcNotification, redactor: Redactor): Promise<void> {
    if (said.method !== 'notifications/message' || this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push({ said, redactor })
    if (this.#telling) return
    this.#telling = true
    try {
      while (this.#waiting.length > 0) await this.#next()
    } finally {
      this.#telling = false
    }
  }

  /** Tells all that came before now. */
  async #next(): Promise<void> {
    const came = this.#waiting
    this.#waiting = []
    // A store that fails has nothing told.
    const level = await this.#level().catch(() => undefined)
    if (level === undefined) return
    for (const { redactor, said } of came) {
      const told = logMessage(said, level, redactor)
      if (told) this.#tell(told)
    }
  }
}
