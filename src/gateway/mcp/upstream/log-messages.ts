import { isObject, type Json, type JsonObject } from '../../../lib/json.ts'
import type { Redactor } from '../../../lib/redaction/redactor.ts'
import { MCP, type RpcNotification } from '../../../net/index.ts'
import { scrub } from './scrub.ts'

/** Levels of log messages, the least first (RFC 5424 section 6.2.1). */
const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']
const MAX_LOGGER = 200

/**
 * Reads the least level of log messages that a client wants to hear of in a request of 2026-07-28
 * ("Logging"). Undefined: of none. False: it is no level.
 */
export function logLevelOf(meta: Json | undefined): string | false | undefined {
  const level = isObject(meta) ? meta.get(MCP.meta.logLevel) : undefined
  if (level === undefined) return undefined
  return typeof level === 'string' && LEVELS.includes(level) ? level : false
}

/** Writes a server's log message for the client that wants this level; `undefined`: it does not. */
export function logMessage(
  { method, params }: RpcNotification,
  wanted: string,
  redactor: Redactor,
): JsonObject | undefined {
  if (method !== 'notifications/message') return undefined
  const { data, level, logger } = Object.fromEntries(scrub(params, redactor))
  if (typeof level !== 'string' || LEVELS.indexOf(level) < LEVELS.indexOf(wanted)) return undefined
  return new Map<string, Json>([
    ['level', level],
    ...(typeof logger === 'string' ? [['logger', logger.slice(0, MAX_LOGGER)] as const] : []),
    ['data', data ?? null],
  ])
}
