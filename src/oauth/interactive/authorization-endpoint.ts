import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RawContext, RawHandler } from '../../http/index.ts'
import type { AuthorizationServer } from '../provider.ts'

const PATH = '/oauth/authorize'

/**
 * The authorization endpoint (RFC 6749 section 3.1) and the way back to it from the pages. Requests are the provider's to
 * judge; who answers them, and what, is in our own books.
 */
export function authorizationHandler(
  server: AuthorizationServer,
  failing: (reply: ServerResponse, context: RawContext, work: () => Promise<void>) => Promise<void>,
): RawHandler {
  return {
    name: 'authorization endpoint',
    paths: [PATH, `${PATH}/`],
    handle: (message: IncomingMessage, reply: ServerResponse, context: RawContext) =>
      failing(reply, context, async () => {
        const uid = uidOf(message.url ?? '')
        const settled = uid === undefined ? 'settled' : await server.settle(message, uid)
        // Without an answer, or without one of this browser: the page says which. Told already: it says that too.
        if (settled === 'settled') await server.handle(message, reply)
        else if (settled === 'unanswered') redirect(reply, `/authorize/${uid}`)
        else redirect(reply, `/authorize/${uid}?told=yes`)
      }),
  }
}

function redirect(reply: ServerResponse, location: string): void {
  reply.writeHead(303, { location }).end()
}

function uidOf(target: string): string | undefined {
  return /^\/oauth\/authorize\/([A-Za-z0-9_-]{1,64})$/.exec(target)?.[1]
}
