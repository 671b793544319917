import { type DestinationStream, type Logger, pino } from 'pino'
import { traceMembers } from '../lib/trace.ts'

export type { Logger } from 'pino'

/** Header and member names whose values are never written, wherever they turn up in a logged object. */
const HIDDEN = [
  'authorization',
  'cookie',
  'dpop',
  'set-cookie',
  'client_assertion',
  'subject_token',
  'access_token',
  'refresh_token',
  'id_token',
  'code',
  'password',
  'secret',
  'token',
]

/**
 * JSON lines. Requests are logged by route pattern, never by address, so that values in a path or query stay out;
 * the names above are a second net, not the first.
 */
export function openLog(options: {
  level?: string | undefined
  destination?: DestinationStream | undefined
  /** Number of the process in each line, where several serve together. */
  process?: number | undefined
}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: options.process === undefined ? null : { process: options.process },
    mixin: () => traceMembers(),
    redact: {
      paths: HIDDEN.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
      censor: '[redacted]',
    },
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}

/**
 * Logger of the line of each request. Its few members are named here and hold nothing of the
 * caller's, so no values are hidden: searching for names that cannot be in it would cost more than
 * everything else about the line.
 */
export function requestLog(log: Logger): Logger {
  return log.child({}, { redact: [] })
}
