import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestBrowser } from '../../src/extensions/push/testing.ts'

/** Limit of waiting for a message, in ms. */
const MAX_WAIT = 20_000

/** Message that the worker of Remit's pages shows. */
export interface PushedMessage {
  readonly title: string
  readonly path: string
}

/** A phone that shows notifications, with the push service that it is subscribed at on this machine. */
export class Phone {
  readonly #keys = new TestBrowser()
  readonly #server: Server
  readonly #bodies: Buffer[] = []
  #read = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<Phone> {
    const server = createServer()
    const phone = new Phone(server)
    server.on('request', async (request, reply) => {
      phone.#bodies.push(Buffer.concat(await request.toArray()))
      reply.writeHead(201).end()
      server.emit('pushed')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return phone
  }

  get service(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // as: listening on TCP
  }

  get subscription(): string {
    return this.#keys.subscription(`${this.service}/send/fiona`, { browser: 'Firefox on Android' })
  }

  /** Bytes that the push service carried, which it cannot read. */
  get carried(): Buffer {
    return Buffer.concat(this.#bodies)
  }

  /** The message that came last, encrypted, and what opens it. */
  get last() {
    const body = this.#bodies.at(-1)
    if (!body) throw new Error('nothing came')
    return { body, keys: this.#keys.keys }
  }

  /** The next message that was not read yet, once it is there. */
  async next(): Promise<PushedMessage> {
    const signal = AbortSignal.timeout(MAX_WAIT)
    while (this.#bodies.length <= this.#read) await once(this.#server, 'pushed', { signal })
    const body = this.#bodies[this.#read++]
    if (!body) throw new Error('it is there')
    return JSON.parse(this.#keys.open(body))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
