import type { ServerResponse } from 'node:http'
import type { RawHandler } from '../../http/index.ts'
import type { EndpointHandler } from '../answering.ts'
import type { AuthorizationServer } from '../provider.ts'

const PATH = '/oauth/authorize'

/**
 * The authorization endpoint (RFC 6749 section 3.1) and the way back to it from the pages. Requests are the provider's to
 * judge; who answers them, and what, is in our own books.
 */
export function authorizationHandler(
  server: AuthorizationServer,
  answer: EndpointHandler,
): RawHandler {
  return {
    name: 'authorization endpoint',
    paths: [PATH, `${PATH}/`],
    handle: answer(async (message, reply) => {
      const uid = uidOf(message.url ?? '')
      const settled = uid === undefined ? 'settled' : await server.settle(message, uid)
      // Without an answer, or without one of this browser: the page says which. Told already: it says that too.
      if (settled === 'settled') await server.handle(message, reply)
      else if (settled === 'unanswered') redirect(reply, `/authorize/${uid}`)
      else redirect(reply, `/authorize/${uid}?told=yes`)
      return undefined
    }),
  }
}

function redirect(reply: ServerResponse, location: string): void {
  reply.writeHead(303, { location }).end()
}

function uidOf(target: string): string | undefined {
  return /^\/oauth\/authorize\/([A-Za-z0-9_-]{1,64})$/.exec(target)?.[1]
}
