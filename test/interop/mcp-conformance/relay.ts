import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OpenTask } from '../../agent.ts'
import type { Place } from '../../mcp/place.ts'
import type { World } from '../../world.ts'

/**
 * An address without credentials in front of a gateway, for a program that has none: every request goes on as it came, with
 * token and proof of one task.
 */
export async function relayTo(
  world: World,
  place: Pick<Place, 'identifier' | 'token'>,
  task: OpenTask,
) {
  const { origin, host, port, pathname } = new URL(place.identifier)
  const pass = async (message: IncomingMessage, reply: ServerResponse) => {
    const token = await place.token(task)
    const { method = 'GET', url = '' } = message
    const [, query] = url.split('?')
    const dpop = await world.agent.proof(task.key, { method, url: place.identifier, token })
    const named = message.headers.host === own ? host : message.headers.host
    const sent = request(origin, {
      method,
      path: query === undefined ? pathname : `${pathname}?${query}`,
      port: world.ports?.[origin] ?? port,
      setHost: false,
    })
    const headers = { ...message.headers, host: named, authorization: `DPoP ${token}`, dpop }
    if (headers.origin === `http://${own}`) headers.origin = origin
    for (const [name, value] of Object.entries(headers)) if (value) sent.setHeader(name, value)
    reply.once('close', () => sent.destroy())
    sent.once('error', () => reply.destroy())
    sent.once('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      reply.flushHeaders()
      answer.pipe(reply)
    })
    message.pipe(sent)
  }
  const server = createServer((message, reply) => void pass(message, reply))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}` // as: it listens on TCP
  world.onStop(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://${own}/mcp`
}
