import { randomUUID } from 'node:crypto'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { deskServer } from './mcp-server.ts'
import type { NoteBook } from './note-book.ts'

/** Sessions by their ids, the oldest first. */
export type SampleSessions = Map<string, StreamableHTTPServerTransport>

/** The oldest is forgotten then: a session is a few objects, and need not be ended. */
const MAX_SESSIONS = 100

/**
 * Opens a session for a request that names none; it is kept when the request turns out to begin it.
 */
export async function openSampleSession(
  sessions: SampleSessions,
  book: NoteBook,
  options: { readonly pace: number; readonly json: boolean },
): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: options.json,
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
      const [oldest] = sessions.keys()
      if (oldest !== undefined && sessions.size > MAX_SESSIONS) void sessions.get(oldest)?.close()
    },
  })
  transport.onclose = () => sessions.delete(transport.sessionId ?? '')
  await deskServer(book, options.pace).connect(transport)
  return transport
}
