import { ask, type McpPeer, type McpSession } from '../../platform/net/index.ts'
import { isWanted, type LogLevel } from './log-level.ts'
import type { McpSessions } from './mcp-sessions.ts'

/** Limits of a request from whose answer nothing follows. */
const ASIDE = { bytes: 65_536, events: 100, timeMs: 5_000 }

/** Session with a server in which a call is about to be made. */
interface LoggingSession {
  /** Key that this replica has of the session. */
  readonly key: string
  readonly session: McpSession
  readonly peer: McpPeer
  readonly hooks: Pick<NonNullable<Parameters<typeof ask>[3]>, 'mayStart'> & { signal: AbortSignal }
  /** Calls in it want different levels: the server is told the least of them. */
  readonly isShared: boolean
  /** Id of the request. */
  readonly id: string
}

/**
 * Tells a server with sessions from which level on it is heard, unless it knows. It may refuse, or
 * not answer: what reaches a client is decided by the gateway in any case.
 */
export async function tellLevel(
  desk: Pick<McpSessions, 'levels' | 'turn'>,
  { hooks, id, isShared, key, peer, session }: LoggingSession,
  level: LogLevel,
): Promise<void> {
  const done = await desk.turn(`log level ${key}`, hooks.signal)
  try {
    const told = desk.levels.get(key, session.id ?? '')
    if (told === level || (told !== undefined && isShared && isWanted(level, told))) return
    const request = { id, method: 'logging/setLevel', params: new Map([['level', level]]) }
    await ask({ ...peer, limits: ASIDE }, session, request, hooks)
    desk.levels.put(key, session.id ?? '', level)
  } finally {
    done()
  }
}
