import { after, afterEach, before } from 'node:test'
import { answer, type Script, serveScript } from '../../src/platform/net/mcp/testing.ts'
import { type OddRequest, Place, type Session } from '../mcp/place.ts'

export const VERSION = { 'a2a-version': '1.0' }
export const MESSAGE = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] }
export const DONE = { state: 'TASK_STATE_COMPLETED' }
export const TASK = { id: 'T1', contextId: 'C1', status: DONE }

export function skill(id: string, description = id) {
  return { id, name: id, description, tags: [] }
}

/** Card of an agent that listens below this address. */
export function cardAt(url: string) {
  const binding = { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
  const about = { name: 'Scripted', description: 'x', version: '1', capabilities: {} }
  const skills = ['book', 'quote', 'never'].map((id) => skill(id))
  return { ...about, supportedInterfaces: [binding], skills }
}

/** A scripted agent with its card, behind the gateway of a world. */
export function standing(
  world: () => Parameters<typeof Place.add>[0],
  name = 'scripted',
  unasked: readonly string[] = [],
) {
  let server: Awaited<ReturnType<typeof serveScript>>
  let place: Place
  let playing: Script = () => false
  /** Members that the card has instead, or its whole answer. */
  let said: object | Script = {}
  before(async () => {
    server = await serveScript((asked, reply) => {
      if (asked.verb === 'POST') return playing(asked, reply)
      if (typeof said === 'function') return said(asked, reply)
      reply.setHeader('content-type', 'application/json')
      reply.end(JSON.stringify({ ...cardAt(server.url), ...said }))
      return true
    })
    place = await Place.add(world(), {
      ...{ name, url: server.url, a2a: true, asks: ['skill-book'] },
      ...{ never: ['skill-never'], unasked },
    })
  })
  afterEach(() => {
    playing = () => false
  })
  after(() => server.close())
  return {
    get place() {
      return place
    },
    get url() {
      return server.url
    },
    /** Lets the card say something else from now on. */
    says: (members: object | Script) => {
      said = members
    },
    calls: () => server.asked.filter(({ verb }) => verb === 'POST'),
    play: (script: Script) => {
      playing = script
    },
    result: (result: unknown) => {
      playing = ({ message }, reply) => answer(reply, message.id, result)
    },
  }
}

export const ask = (session: Session, method: string, params: object = {}, odd: OddRequest = {}) =>
  session.request(method, params, { ...odd, headers: { ...VERSION, ...odd.headers } })
