import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { type Context, Hono } from 'hono'
import { callOf, type Guard, protect, type RemitCall, type Route } from 'remit-sdk/api'
import { expressGuard } from 'remit-sdk/express'
import { fastifyGuard } from 'remit-sdk/fastify'
import { honoGuard } from 'remit-sdk/hono'
import { freePorts } from '../ports.ts'

export const FRAMEWORKS = ['web', 'fastify', 'express', 'hono'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** Request that reached a handler. */
export interface HandledRequest {
  readonly call: RemitCall
  readonly body: unknown
}

export interface RawAnswer {
  readonly status?: number
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly string[]
  /** True where more may come: the answer is not ended. */
  readonly open?: boolean
}

/** A small API, in one of four frameworks, that keeps what its handlers were given. */
export interface Shop {
  readonly origin: string
  readonly handled: HandledRequest[]
  /** Replaces what handlers do; by default they answer 200. */
  behave: ((handled: HandledRequest) => void) | undefined
  /** Answer that they give from now on, in as many pieces. */
  raw: RawAnswer | undefined
  /** Counts the clients that are there. */
  connections(): number
  close(): Promise<void>
}

/** Routes of its three operations; the catalog calls the API `name`. */
export function routesOf(name: string) {
  return {
    list: { action: `${name}.list`, path: '/items' },
    buy: { action: `${name}.buy`, path: '/items/{item}/orders' },
    remove: { action: `${name}.remove`, path: '/items/{item}' },
  } as const satisfies Record<string, Route>
}

const text = { type: 'string' }
const item = { name: 'item', in: 'path', required: true, schema: text }
const answers = { responses: { 200: { description: 'done' } } }

export const SHOP_DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1' },
  paths: {
    '/items': {
      get: {
        operationId: 'list',
        parameters: [
          { name: 'limit', in: 'query', schema: { type: 'integer' } },
          { name: 'sale', in: 'query', schema: { type: 'boolean' } },
          { name: 'tag', in: 'query', schema: { type: 'array', items: text } },
        ],
        ...answers,
      },
    },
    '/items/{item}/orders': {
      post: {
        operationId: 'buy',
        parameters: [item],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                additionalProperties: false,
                required: ['amount'],
                properties: {
                  amount: { type: 'number' },
                  gift: { type: 'boolean' },
                  tags: { type: 'array', items: text },
                  to: {
                    type: 'object',
                    additionalProperties: false,
                    properties: { city: text },
                  },
                },
              },
            },
          },
        },
        ...answers,
      },
    },
    '/items/{item}': { delete: { operationId: 'remove', parameters: [item], ...answers } },
  },
}

/** `guardFor` is given the origin that the shop will have. */
export async function startShop(
  framework: Framework,
  name: string,
  guardFor: (origin: string) => Guard,
): Promise<Shop> {
  const [port = 0] = await freePorts(1)
  const origin = `http://127.0.0.1:${port}`
  const handled: HandledRequest[] = []
  const shop = {
    origin,
    handled,
    behave: undefined as Shop['behave'],
    raw: undefined as Shop['raw'],
  }
  const handle = (each: HandledRequest) => {
    handled.push(each)
    shop.behave?.(each)
    return { ok: true, action: each.call.action }
  }
  const guard = guardFor(origin)
  const server = await SERVERS[framework](guard, routesOf(name), handle, () => shop.raw)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  if ((server.address() as AddressInfo).port !== port) throw new Error('another port') // listening on TCP
  return Object.assign(shop, {
    connections: () => sockets.size,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await guard.settled()
    },
  })
}

/** Reply of Fastify, as far as handlers here need it. */
interface Reply {
  readonly raw: http.ServerResponse
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(body: string): unknown
  hijack(): unknown
}

type Serve = (
  guard: Guard,
  routes: ReturnType<typeof routesOf>,
  handle: (handled: HandledRequest) => object,
  raw: () => RawAnswer | undefined,
) => Promise<http.Server>

function responseOf({ headers, open, pieces, status = 200 }: RawAnswer): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      if (!open) controller.close()
    },
  })
  return new Response(pieces.length === 0 ? null : body, { status, headers })
}

/** Writes an answer as handlers do that know they are in Node. */
function writeTo(response: http.ServerResponse, answer: RawAnswer): void {
  const { headers, open, pieces, status = 200 } = answer
  response.writeHead(status, headers)
  for (const piece of pieces) response.write(piece)
  if (!open) response.end()
}

const SERVERS: Readonly<Record<Framework, Serve>> = {
  async web(guard, routes, handle, raw) {
    const handler = async (request: Request, call: RemitCall) => {
      const body: unknown = request.body ? await request.json() : undefined
      const made = handle({ call, body })
      const given = raw()
      return given ? responseOf(given) : Response.json(made)
    }
    const by: Record<string, (request: Request) => Promise<Response>> = {
      GET: protect(guard, routes.list, handler),
      POST: protect(guard, routes.buy, handler),
      DELETE: protect(guard, routes.remove, handler),
    }
    const fetch = (request: Request) =>
      by[request.method]?.(request) ?? new Response(null, { status: 405 })
    return createAdaptorServer({ fetch }) as http.Server // without options it is one
  },

  async fastify(guard, routes, handle, raw) {
    let listener: http.RequestListener = () => {}
    const app = Fastify({
      serverFactory: (handler) => {
        listener = handler
        return http.createServer(handler)
      },
    })
    const guarded = fastifyGuard(app, guard)
    const answer = async (request: { body?: unknown }, reply: Reply) => {
      const made = handle({ call: callOf(request), body: request.body })
      const given = raw()
      if (!given) return made
      const [whole = ''] = given.pieces
      if (given.pieces.length === 1 && !given.open) {
        reply.code(given.status ?? 200)
        reply.headers({ ...given.headers })
        return reply.send(whole)
      }
      reply.hijack()
      writeTo(reply.raw, given)
      return reply
    }
    app.get('/items', { ...guarded(routes.list) }, answer)
    app.post('/items/:item/orders', { ...guarded(routes.buy) }, answer)
    app.delete('/items/:item', { ...guarded(routes.remove) }, answer)
    await app.ready()
    return http.createServer(listener)
  },

  async express(guard, routes, handle, raw) {
    const app = express()
    const guarded = expressGuard(guard)
    const answer: express.RequestHandler = (request, response) => {
      const made = handle({ call: callOf(request), body: request.body })
      const given = raw()
      if (given) writeTo(response, given)
      else response.json(made)
    }
    app.get('/items', guarded(routes.list), answer)
    app.post('/items/:item/orders', guarded(routes.buy), express.json(), answer)
    app.delete('/items/:item', guarded(routes.remove), answer)
    return http.createServer(app)
  },

  async hono(guard, routes, handle, raw) {
    const app = new Hono()
    const guarded = honoGuard(guard)
    const answer = (c: Context, body: unknown) => {
      const made = handle({ call: callOf(c), body })
      const given = raw()
      return given ? responseOf(given) : c.json(made)
    }
    app.get('/items', guarded(routes.list), (c) => answer(c, undefined))
    app.post('/items/:item/orders', guarded(routes.buy), async (c) => answer(c, await c.req.json()))
    app.delete('/items/:item', guarded(routes.remove), (c) => answer(c, undefined))
    return createAdaptorServer({ fetch: app.fetch }) as http.Server // without options it is one
  },
}
