import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { createSecureContext } from 'node:tls'
import { Problem } from '../../lib/problem.ts'

/** Time for a TLS handshake, in ms. */
const HANDSHAKE_MS = 10_000

/** Paths of PEM files: the certificate with its chain, and its private key. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

/**
 * Certificate that listeners show. It is read from its files again while the server runs: new
 * connections get the new one, those that are open stay.
 */
export class ServerCertificate {
  readonly #files: CertificateFiles
  readonly #servers = new Set<{ setSecureContext(pair: Pair): void }>()
  #pair: Pair

  private constructor(files: CertificateFiles, pair: Pair) {
    this.#files = files
    this.#pair = pair
  }

  /** @throws Problem `server.certificate_unusable` */
  static async read(files: CertificateFiles): Promise<ServerCertificate> {
    return new ServerCertificate(files, await readPair(files))
  }

  /** Time at which the certificate ends, in epoch milliseconds. */
  get endsAt(): number {
    return new X509Certificate(this.#pair.cert).validToDate.getTime()
  }

  /**
   * Reads the files again. True: they have another certificate, which new connections get. What
   * cannot be used changes nothing, such as a key that is of another certificate for a moment.
   *
   * @throws Problem `server.certificate_unusable`
   */
  async reload(): Promise<boolean> {
    const pair = await readPair(this.#files)
    if (pair.cert.equals(this.#pair.cert) && pair.key.equals(this.#pair.key)) return false
    this.#pair = pair
    for (const server of this.#servers) server.setSecureContext({ ...TLS, ...pair })
    return true
  }

  /** Creates a server that speaks TLS with this certificate. */
  server(options: ServerOptions): Server {
    const server = createServer({ ...options, ...TLS, ...this.#pair })
    this.#servers.add(server)
    // A handshake that fails gets no answer: its client speaks no TLS, or no version that is served.
    server.removeAllListeners('tlsClientError')
    server.on('tlsClientError', (_, socket) => socket.destroy())
    return server as unknown as Server // as: it serves requests by the same methods and events
  }
}

const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS } as const

async function readPair({ certificate, key }: CertificateFiles): Promise<Pair> {
  try {
    const pair = { cert: await readFile(certificate), key: await readFile(key) }
    createSecureContext(pair)
    return pair
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Problem('server.certificate_unusable', `${certificate} with ${key}: ${why}`, {
      cause,
    })
  }
}
