import type { JsonWebKey } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errors, type Provider } from 'oidc-provider'
import { type Random, systemRandom } from '../../../platform/lib/random.ts'
import type { DevClient, DevPerson } from './dev-person.ts'
import { choosePage, pageHeaders, troublePage } from './page.ts'
import { DEV_IDP_COOKIES, developmentProvider } from './provider.ts'

export interface DevIdentityProvider {
  /** `http://127.0.0.1:PORT`, also the prefix of every address. */
  readonly issuer: string
  close(): Promise<void>
}

const CHOOSE = /^\/choose\/([A-Za-z0-9_-]{1,64})$/
const MAX_FORM_BYTES = 1024

/**
 * INVARIANT: a sign-in here is never remembered. Without its session cookie every authorization asks again, so that one
 * browser can be the person who asks and, a minute later, the person who approves.
 */
function forgetSession(req: IncomingMessage): void {
  const kept = (req.headers.cookie ?? '')
    .split(/; */)
    .filter((cookie) => !cookie.startsWith(DEV_IDP_COOKIES.session))
  req.headers.cookie = kept.join('; ')
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > MAX_FORM_BYTES) return undefined
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function answerHtml(
  res: ServerResponse,
  status: number,
  html: string,
  redirectUris: readonly string[] = [],
): void {
  res.writeHead(status, pageHeaders(redirectUris)).end(html)
}

async function choose(
  provider: Provider,
  people: readonly DevPerson[],
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { uid, params } = await provider.interactionDetails(req, res)
  if (req.method === 'GET') {
    const client = String(params.client_id)
    const ends = [params.redirect_uri].filter((uri) => typeof uri === 'string')
    answerHtml(res, 200, choosePage({ action: `/choose/${uid}`, client, people }), ends)
    return
  }
  const chosen = (await readForm(req))?.get('person')
  const person = people.find(({ id }) => id === chosen)
  if (!person) {
    answerHtml(res, 400, troublePage('No such person', 'choose one of the people on the page'))
    return
  }
  // Every requested way to sign in is taken as done: anyone can be anyone here.
  const [acr] = String(params.acr_values ?? '').split(' ')
  const login = { accountId: person.id, ...(acr ? { acr } : {}) }
  await provider.interactionFinished(req, res, { login })
}

async function handle(
  provider: Provider,
  people: readonly DevPerson[],
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  // A name that resolves to loopback must not speak for this provider (DNS rebinding).
  if (req.headers.host !== new URL(provider.issuer).host) {
    answerHtml(res, 421, troublePage('Wrong address', `use ${provider.issuer}`))
    return
  }
  forgetSession(req)
  if (!CHOOSE.test(req.url ?? '')) {
    await provider.callback()(req, res)
    return
  }
  if (req.method !== 'GET' && req.method !== 'POST') {
    res.writeHead(405, { allow: 'GET, POST' }).end()
    return
  }
  try {
    await choose(provider, people, req, res)
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error
    const detail = 'start again from the page that sent you here'
    answerHtml(res, 400, troublePage('This sign-in is over', detail))
  }
}

/**
 * Starts the development identity provider on loopback. State is in memory: it ends with the process.
 * Port 0 takes a free one.
 */
export async function serveIdentityProvider(options: {
  port: number
  people: readonly DevPerson[]
  clients: readonly DevClient[]
  random?: Random
  key?: JsonWebKey
}): Promise<DevIdentityProvider> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // listening on TCP, never on a pipe
  const issuer = `http://127.0.0.1:${port}`
  const { people, clients, key, random = systemRandom } = options
  const provider = developmentProvider({ issuer, people, clients, random, key })
  server.on('request', (req, res) => {
    handle(provider, people, req, res).catch(() => {
      if (!res.headersSent) answerHtml(res, 500, troublePage('Something went wrong', 'try again'))
      else res.destroy()
    })
  })
  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
