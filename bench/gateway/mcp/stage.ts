import { join } from 'node:path'
import { freePorts } from '../../../test/ports.ts'
import { type Cores, PROJECT } from '../../harness/machine.ts'
import { type Program, startProgram } from '../../harness/program.ts'
import { type Remit, startRemit } from '../../harness/remit.ts'
import { startNginx } from '../nginx.ts'
import { startUpstream, type Upstream } from '../upstream.ts'
import { startMcpServer } from './server.ts'

/** Something that listens, and its program. */
export interface ListeningProgram {
  readonly port: number
  readonly program: Program
}

/** Programs that take part. */
export interface Stage {
  readonly remit: Remit
  /** A plain API behind the same gateway. */
  readonly api: Upstream
  /** Bare proxies by what stands behind them. */
  readonly undici: Readonly<Record<Server, ListeningProgram>>
  readonly nginx: ListeningProgram | undefined
  /** Servers that have the measured core to themselves. */
  readonly direct: Readonly<Record<Server, ListeningProgram>>
  stop(): Promise<void>
}

export type Server = 'scripted' | 'sdk'

/**
 * Starts Remit, the proxies and the servers behind them. The servers share the core of the load.
 */
export async function startStage(pinned: boolean, nodeOptions: readonly string[]): Promise<Stage> {
  const cores = pinned ? 'measured' : 'any'
  const api = await startUpstream()
  const scripted = await startMcpServer()
  const sdk = await node('mcp/sdk-server.ts', pinned ? 'load' : 'any')
  const behind = { scripted: addressOf(scripted.port), sdk: addressOf(sdk.port) }
  const remit = await startRemit({
    cores,
    upstream: addressOf(api.port),
    nodeOptions,
    seeds: [[fileOf('mcp/seed.ts'), behind.scripted, behind.sdk]],
  })
  const undici = {
    scripted: await node('bare-proxy.ts', cores, behind.scripted),
    sdk: await node('bare-proxy.ts', cores, behind.sdk),
  }
  const direct = {
    scripted: await node('mcp/server.ts', cores),
    sdk: await node('mcp/sdk-server.ts', cores),
  }
  const nginx = await bareNginx(scripted.port, cores)
  const programs = [sdk, undici.scripted, undici.sdk, direct.scripted, direct.sdk, nginx]
  return {
    remit,
    api,
    undici,
    nginx,
    direct,
    async stop() {
      await remit.stop()
      for (const each of programs) await each?.program.stop()
      scripted.close()
      api.close()
    },
  }
}

async function node(file: string, cores: Cores, ...args: string[]): Promise<ListeningProgram> {
  const [port = 0] = await freePorts(1)
  const command = [process.execPath, fileOf(file), String(port), ...args]
  return { port, program: await startProgram(command, { cores, ready: 'ready' }) }
}

async function bareNginx(
  upstreamPort: number,
  cores: Cores,
): Promise<ListeningProgram | undefined> {
  const [port = 0] = await freePorts(1)
  const program = await startNginx(port, upstreamPort, cores)
  return program && { port, program }
}

export function addressOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

function fileOf(name: string): string {
  return join(PROJECT, 'bench', 'gateway', name)
}
