import type { Json } from '../../platform/lib/json.ts'

/** Levels of log messages, the least first (RFC 5424 section 6.2.1). */
const LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const

export type LogLevel = (typeof LEVELS)[number]

export function isLogLevel(value: Json | undefined): value is LogLevel {
  return LEVELS.some((level) => level === value)
}

/** Checks whether a client that wants `wanted` and above wants this level. */
export function isWanted(level: LogLevel, wanted: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(wanted)
}
