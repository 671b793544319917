import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { callOf, type Guard, protect, type RemitCall, type Route } from 'remit-sdk/api'
import { expressGuard } from 'remit-sdk/express'
import { fastifyGuard } from 'remit-sdk/fastify'
import { honoGuard } from 'remit-sdk/hono'
import { freePorts } from '../ports.ts'

export const FRAMEWORKS = ['web', 'fastify', 'express', 'hono'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** What reached a handler. */
export interface Handled {
  readonly call: RemitCall
  readonly body: unknown
}

/** A small API, in one of four frameworks, that keeps what its handlers were given. */
export interface Shop {
  readonly origin: string
  readonly handled: Handled[]
  /** What its handlers do from now on, instead of answering 200. */
  behave: ((handled: Handled) => void) | undefined
  /** How many clients are there. */
  connections(): number
  close(): Promise<void>
}

/** Its three operations; the catalog calls the API `name`. */
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
  const handled: Handled[] = []
  const shop = { origin, handled, behave: undefined as Shop['behave'] }
  const handle = (each: Handled) => {
    handled.push(each)
    shop.behave?.(each)
    return { ok: true, action: each.call.action }
  }
  const guard = guardFor(origin)
  const server = await SERVERS[framework](guard, routesOf(name), handle)
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

type Serve = (
  guard: Guard,
  routes: ReturnType<typeof routesOf>,
  handle: (handled: Handled) => object,
) => Promise<http.Server>

const SERVERS: Readonly<Record<Framework, Serve>> = {
  async web(guard, routes, handle) {
    const handler = async (request: Request, call: RemitCall) => {
      const body: unknown = request.body ? await request.json() : undefined
      return Response.json(handle({ call, body }))
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

  async fastify(guard, routes, handle) {
    let listener: http.RequestListener = () => {}
    const app = Fastify({
      serverFactory: (handler) => {
        listener = handler
        return http.createServer(handler)
      },
    })
    const guarded = fastifyGuard(app, guard)
    const answer = async (request: { body?: unknown }) =>
      handle({ call: callOf(request), body: request.body })
    app.get('/items', { ...guarded(routes.list) }, answer)
    app.post('/items/:item/orders', { ...guarded(routes.buy) }, answer)
    app.delete('/items/:item', { ...guarded(routes.remove) }, answer)
    await app.ready()
    return http.createServer(listener)
  },

  async express(guard, routes, handle) {
    const app = express()
    const guarded = expressGuard(guard)
    const answer: express.RequestHandler = (request, response) => {
      response.json(handle({ call: callOf(request), body: request.body }))
    }
    app.get('/items', guarded(routes.list), answer)
    app.post('/items/:item/orders', guarded(routes.buy), express.json(), answer)
    app.delete('/items/:item', guarded(routes.remove), answer)
    return http.createServer(app)
  },

  async hono(guard, routes, handle) {
    const app = new Hono()
    const guarded = honoGuard(guard)
    app.get('/items', guarded(routes.list), (c) =>
      c.json(handle({ call: callOf(c), body: undefined })),
    )
    app.post('/items/:item/orders', guarded(routes.buy), async (c) =>
      c.json(handle({ call: callOf(c), body: await c.req.json() })),
    )
    app.delete('/items/:item', guarded(routes.remove), (c) =>
      c.json(handle({ call: callOf(c), body: undefined })),
    )
    return createAdaptorServer({ fetch: app.fetch }) as http.Server // without options it is one
  },
}
