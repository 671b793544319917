import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sameBytes } from '../../../platform/lib/bytes.ts'
import { CommandFailure } from '../failure.ts'

export interface Callback extends AsyncDisposable {
  /**
   * Address that the browser has to be sent back to: a literal loopback address (RFC 8252 section
   * 7.3).
   */
  readonly address: string
  /**
   * Parameters that came with it. Rejects when the other side reported an error, or no sign-in came.
   */
  readonly answer: Promise<URLSearchParams>
}

const PATH = '/callback'
const TIMEOUT_MS = 10 * 60_000
const GRACE_MS = 500

/**
 * Listens on loopback for the browser to come back with our `state`. Anything else that knocks is sent away and changes
 * nothing: neither a page of someone else's nor a second answer can end or forge the sign-in.
 */
export async function callback(state: string): Promise<Callback> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  const address = `http://127.0.0.1:${port}${PATH}`
  const { promise, reject, resolve } = Promise.withResolvers<URLSearchParams>()
  promise.catch(() => {}) // told where it is awaited
  const late = setTimeout(() => reject(nobodyCame()), TIMEOUT_MS)
  server.on('request', (request, reply) => {
    const query = callbackParameters(request, address)
    if (!query || !isOurs(query, state))
      return answerBrowser(reply, 400, 'This is not the sign-in that waits here.')
    const error = query.get('error')
    answerBrowser(
      reply,
      200,
      error === null ? DONE : 'The sign-in was refused. The terminal says more.',
    )
    if (error === null) resolve(query)
    else reject(refusedSignIn(error, query.get('error_description')))
  })
  return {
    address,
    answer: promise,
    async [Symbol.asyncDispose]() {
      clearTimeout(late)
      const closed = new Promise((done) => server.close(done))
      // The page may still be on its way; a browser's spare connection would keep us for ever.
      const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS)
      await closed
      clearTimeout(cut)
    },
  }
}

const DONE = 'You are signed in. You can close this window and go back to the terminal.'

function callbackParameters(
  request: IncomingMessage,
  address: string,
): URLSearchParams | undefined {
  const url = URL.parse(request.url ?? '', address)
  // A name that resolves to loopback is the page of another site (DNS rebinding).
  const named = request.headers.host === new URL(address).host
  return request.method === 'GET' && named && url?.pathname === PATH ? url.searchParams : undefined
}

function isOurs(query: URLSearchParams, state: string): boolean {
  return sameBytes(Buffer.from(query.get('state') ?? ''), Buffer.from(state))
}

function answerBrowser(reply: ServerResponse, status: number, words: string): void {
  reply.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  })
  reply.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Remit</title><meta name="viewport" content="width=device-width"><body style="font:1.1rem/1.5 system-ui,sans-serif;color-scheme:light dark;margin:20vh auto;max-width:30rem;padding:0 1rem;text-align:center"><p>${words}</p></body></html>`,
  )
}

function nobodyCame(): CommandFailure {
  return new CommandFailure('No one signed in within ten minutes', {
    next: ['run the command again'],
  })
}

function refusedSignIn(error: string, description: string | null): CommandFailure {
  return new CommandFailure('The sign-in was refused', { detail: description ?? error })
}
