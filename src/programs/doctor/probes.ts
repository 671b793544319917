import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Outbound, outbound } from '../../platform/net/index.ts'
import { freeBytesOf } from '../../platform/storage/index.ts'

/** Certificate that a server shows. */
export interface ServerCertificate {
  /** Epoch milliseconds, both. */
  readonly begins: number
  readonly expiresAt: number
  /** Code of OpenSSL, when it is not trusted here. */
  readonly distrust?: string | undefined
}

/** Ways to examine facts that are neither in the settings nor in the database. */
export interface Probes {
  readonly fetch: Outbound['fetch']
  /** @throws when no server answers */
  certificate(host: string, port: number): Promise<ServerCertificate>
  /** Connects, and sends nothing. @throws when no server answers */
  connect(host: string, port: number): Promise<void>
  freeBytes(directory: string): Promise<number>
  /** Permission bits; undefined: there is no such file. */
  modeOf(path: string): Promise<number | undefined>
  close(): Promise<void>
}

const PATIENCE = 4_000

/** Probes of the real world. It asks addresses that an operator named: also private ones. */
export function systemProbes(): Probes {
  const out = outbound({ allowOrigins: () => true })
  return {
    fetch: (url, init) => out.fetch(url, init, { timeoutMs: PATIENCE }),
    certificate: (host, port) =>
      new Promise((resolve, reject) => {
        const socket = connectTls({
          ...{ host, port, servername: /^[\d.]+$|:/.test(host) ? '' : host },
          // A certificate that is not trusted is a result here, and nothing is sent over the connection.
          rejectUnauthorized: false,
        })
        settle(socket, reject).once('secureConnect', () => {
          const { valid_from: begin, valid_to: end } = socket.getPeerCertificate()
          const distrust = socket.authorized ? undefined : String(socket.authorizationError)
          socket.destroy()
          resolve({ begins: Date.parse(begin), expiresAt: Date.parse(end), distrust })
        })
      }),
    connect: (host, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port })
        settle(socket, reject).once('connect', () => {
          socket.destroy()
          resolve()
        })
      }),
    freeBytes: freeBytesOf,
    modeOf: async (path) => (await stat(path).catch(() => undefined))?.mode,
    close: () => out.close(),
  }
}

function settle<T extends ReturnType<typeof connect>>(socket: T, reject: (why: Error) => void): T {
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no answer')))
  socket.once('error', reject)
  return socket
}
