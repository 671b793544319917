import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { openLog } from '../../src/platform/http/index.ts'
import type { Clock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { serveIdentityProvider } from '../../src/programs/dev/identity-provider/serve.ts'
import { SAMPLE_AGENT, SAMPLE_PEOPLE } from '../../src/programs/dev/sample.ts'
import { createServer } from '../../src/server.ts'
import { freePorts } from '../../test/ports.ts'
import { openTasks, type Remit } from '../harness/remit.ts'
import type { CallerStart } from './caller.ts'

export interface Secrets {
  readonly records: string
  readonly mesh: string
}

export interface HereServed extends Omit<Remit, 'program'> {
  readonly secrets: Secrets
  /** Renews the server's lease, after its clock was moved on. */
  renew(): Promise<unknown>
}

/** A whole server in this process with what the benchmarks seed, all at once: four programs less to start. */
export async function serveHere(
  home: string,
  { api, mcp }: CallerStart,
  clock: Clock,
): Promise<HereServed> {
  const [issuerPort = 0, gatewayPort = 0, provider = 0] = await freePorts(3)
  const issuer = `http://127.0.0.1:${issuerPort}`
  const gateway = `http://127.0.0.1:${gatewayPort}`
  const data = join(home, 'data')
  mkdirSync(data, { mode: 0o700 })
  const people = await serveIdentityProvider({
    port: provider,
    people: SAMPLE_PEOPLE,
    clients: [
      { id: 'remit', redirectUris: [`${issuer}/sign-in/callback`] },
      { id: SAMPLE_AGENT.id, redirectUris: ['http://127.0.0.1/callback'] },
    ],
  })
  Object.assign(process.env, {
    REMIT_DATA: data,
    REMIT_DPOP_NONCES: 'off',
    REMIT_ISSUER: issuer,
    REMIT_LISTEN: `127.0.0.1:${issuerPort}`,
    REMIT_GATEWAY: gateway,
    REMIT_GATEWAY_LISTEN: `127.0.0.1:${gatewayPort}`,
    REMIT_IDP_ISSUER: people.issuer,
    REMIT_IDP_CLIENT_ID: 'remit',
  })
  const keyFile = join(home, 'refund-bot.jwk')
  const secretsFile = join(home, 'secrets.json')
  const servers = `http://127.0.0.1:${mcp}`
  await seed('../harness/seed.ts', `http://127.0.0.1:${api}`, keyFile)
  await seed('../authzen/seed.ts', secretsFile)
  await seed('../gateway/mcp/seed.ts', servers, servers)
  const server = await createServer({
    settings: readSettings(process.env),
    clock,
    databaseClock: clock,
    random: systemRandom,
    log: openLog({ level: 'info', destination: nowhere() }),
    migrate: false,
    development: true,
  })
  await server.listen()
  const agentKey = JSON.parse(readFileSync(keyFile, 'utf8'))
  return {
    issuer,
    issuerPort,
    gateway,
    gatewayPort,
    data,
    secrets: JSON.parse(readFileSync(secretsFile, 'utf8')),
    openTasks: (count, details) =>
      openTasks({ count, people, issuer, gateway, agentKey, ...(details ? { details } : {}) }),
    renew: () => server.rooms.live.renew(),
    async stop() {
      await server.stop()
      await people.close()
    },
  }
}

/** Runs a seed of the benchmarks, which is a program, in this process. */
async function seed(file: string, ...args: readonly string[]): Promise<void> {
  process.argv.splice(2, process.argv.length, ...args)
  await import(file)
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
