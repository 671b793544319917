// Only type-checked: what the package says of frameworks and of the official MCP clients fits what they say of themselves.
import {
  Client as NextClient,
  type OAuthClientProvider as NextProvider,
  StreamableHTTPClientTransport as NextTransport,
} from '@modelcontextprotocol/client'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import type { Task } from 'remit-sdk'
import type { Guard } from 'remit-sdk/api'
import { callOf, expressGuard } from 'remit-sdk/express'
import { fastifyGuard } from 'remit-sdk/fastify'
import { honoGuard } from 'remit-sdk/hono'
import { createMcpFetch, createMcpTransport, createOAuthProvider } from 'remit-sdk/mcp'

const route = { action: 'shop.buy', path: '/items/{item}/orders' }

export function withExpress(guard: Guard) {
  const app = express()
  const guarded = expressGuard(guard)
  app.post('/items/:item/orders', guarded(route), express.json(), (request, response) => {
    response.json({ agent: callOf(request).agent, body: request.body })
  })
  return app
}

export function withFastify(guard: Guard) {
  const app = Fastify()
  const guarded = fastifyGuard(app, guard)
  app.post('/items/:item/orders', { ...guarded(route) }, async (request) => ({
    agent: callOf(request).agent,
    body: request.body,
  }))
  return app
}

export function withHono(guard: Guard) {
  const app = new Hono()
  const guarded = honoGuard(guard)
  app.post('/items/:item/orders', guarded(route), async (c) =>
    c.json({ agent: callOf(c).agent, body: await c.req.json() }),
  )
  return app
}

export function withTask(task: Task, url: URL) {
  const fetch = createMcpFetch(task)
  return [
    new StreamableHTTPClientTransport(url, { fetch }),
    new NextTransport(url, { fetch }),
  ] as const
}

export async function connected(task: Task, url: URL) {
  const who = { name: 'test', version: '1' }
  await new Client(who).connect(createMcpTransport(task, url))
  await new NextClient(who).connect(createMcpTransport(task, url))
}

export function withAddress(url: URL) {
  const provider = createOAuthProvider({
    clientName: 'Notes',
    redirectUrl: 'http://127.0.0.1:7000/callback',
    redirect: () => {},
  })
  const [first, next] = [provider satisfies OAuthClientProvider, provider satisfies NextProvider]
  return [
    new StreamableHTTPClientTransport(url, { authProvider: first }),
    new NextTransport(url, { authProvider: next }),
  ] as const
}
