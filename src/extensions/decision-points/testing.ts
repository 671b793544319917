import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { buffer } from 'node:stream/consumers'
import { sample, type WideningCase } from '../../console/api/testing.ts'

/** Question that a decision point was asked. */
export interface PointQuestion {
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
  readonly text: string
}

export type ReplyHandler = (reply: ServerResponse, request: IncomingMessage) => void

/** A decision point on a port of its own, which answers as it is told. */
export class TestPoint {
  readonly asked: PointQuestion[] = []
  readonly #server: Server
  answering: ReplyHandler = says({ decision: true })

  constructor() {
    this.#server = createServer(async (request, reply) => {
      const text = (await buffer(request)).toString()
      this.asked.push({ headers: request.headers, body: JSON.parse(text), text })
      this.answering(reply, request)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const address = this.#server.address()
    if (typeof address !== 'object' || !address) throw new Error('not listening')
    return `http://127.0.0.1:${address.port}/access/v1/evaluation`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export function says(answer: unknown): ReplyHandler {
  return sends(JSON.stringify(answer))
}

export function sends(
  text: string | Uint8Array,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): ReplyHandler {
  return (reply) => {
    reply.writeHead(status, { 'content-type': 'application/json', ...headers })
    reply.end(text)
  }
}

export const WIDENING: Readonly<Record<string, WideningCase>> = {
  'points.add': {
    signedAs: 'none',
    sample: sample(
      '/decision-points',
      { name: 'opa', url: 'https://opa.example/evaluation' },
      { name: 'opa', url: 'https://other.example/evaluation' },
    ),
    attempts: [
      {
        ...{ path: '/decision-points', code: 'decision_point.bad' },
        body: { name: 'opa', url: 'https://opa.example/evaluation', resources: ['nothing'] },
      },
    ],
  },
  'points.remove': {
    signedAs: 'none',
    sample: {
      ...sample('/decision-points/opa', {}, {}),
      other: { path: '/decision-points/two', body: {} },
    },
    attempts: [{ path: '/decision-points/nothing', code: 'decision_point.unknown', body: {} }],
  },
}
