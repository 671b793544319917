import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../test/ports.ts'
import { type Check, closedLoop, type Load } from '../harness/load.ts'
import { type Cores, PROJECT } from '../harness/machine.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import { newJwk } from '../scale/crowd.ts'
import { API, CLIENT } from './plain-provider.ts'

/** Plain `oidc-provider` under the same load: a token by client credentials. */
export class Plain {
  readonly program: Program
  readonly port: number
  readonly #home: string
  readonly #maker: ProofMaker

  private constructor(program: Program, port: number, home: string) {
    this.program = program
    this.port = port
    this.#home = home
    this.#maker = new ProofMaker({ key: newJwk() })
  }

  static async start(kept: 'memory' | 'SQLite', cores: Cores): Promise<Plain> {
    const [port = 0] = await freePorts(1)
    const home = mkdtempSync(join(tmpdir(), 'remit-bench-'))
    const place = kept === 'memory' ? kept : join(home, 'provider.db')
    const file = join(PROJECT, 'bench', 'tokens', 'plain-provider.ts')
    const command = [process.execPath, file, String(port), place]
    return new Plain(await startProgram(command, { cores, ready: 'ready' }), port, home)
  }

  /** `bound`: a JWT for the API, bound to a key by a proof; else an opaque bearer token. */
  prepare(count: number, { bound }: { readonly bound: boolean }): Buffer[] {
    const url = `http://127.0.0.1:${this.port}/token`
    const authorization = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization }
    const form = { grant_type: 'client_credentials', scope: 'orders.read' }
    const body = new URLSearchParams(bound ? { ...form, resource: API } : form).toString()
    return Array.from({ length: count }, () => {
      const dpop = bound ? { dpop: this.#maker.make({ method: 'POST', url }) } : {}
      return requestBytes({ method: 'POST', url, headers: { ...headers, ...dpop }, body })
    })
  }

  run(requests: readonly Buffer[], connections: number): Promise<Load> {
    return closedLoop(this.port, requests, { connections, check: newTokens() })
  }

  async stop(): Promise<void> {
    await this.program.stop()
    rmSync(this.#home, { recursive: true })
  }
}

/** Checks that answers are tokens, each another. */
export function newTokens(): Check {
  const issued = new Set<string>()
  return ({ body, status }) => {
    if (status !== 200) throw new Error(`answered ${status}: ${body}`)
    const { access_token: token } = JSON.parse(body.toString())
    if (typeof token !== 'string' || issued.has(token)) throw new Error('not a token of its own')
    issued.add(token)
  }
}
