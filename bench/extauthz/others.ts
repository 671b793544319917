import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { fillIn, portsIn } from '../../test/gateways/filled-in.ts'
import { cacheFolder } from '../../test/interop/download.ts'
import type { Cores } from '../harness/machine.ts'
import { type Program, startProgram } from '../harness/program.ts'

/** Ports and secret that the files of `deploy/gateways` are filled in with. */
export interface Places {
  /** Ports of Remit, for gateways that ask over HTTP and by gRPC. */
  readonly http: number
  readonly grpc: number
  readonly api: number
  readonly secret: string
  /** Address at which the gateway listens. */
  readonly port: number
}

const NGINX = '/usr/sbin/nginx'
/** Path at which `npm run test:interop -- envoy` leaves it. */
const ENVOY = join(cacheFolder(), 'python', 'envoy', 'bin', 'envoy')
const OURS = { '/store/': '/orders/' }

/** nginx in one process with the file of `deploy/gateways`. `undefined`: it is not here. */
export async function startAskingNginx(
  { api, http, port, secret }: Places,
  cores: Cores,
): Promise<Program | undefined> {
  if (!existsSync(NGINX)) return undefined
  const folder = fillIn(['nginx/nginx.conf'], {
    ...OURS,
    '127.0.0.1:7490': `127.0.0.1:${http}`,
    '127.0.0.1:8080': `127.0.0.1:${port}`,
    '127.0.0.1:9000': `127.0.0.1:${api}`,
    REMIT_ENFORCER_SECRET: secret,
    // Connections of the load last as long as it does.
    'merge_slashes off;': 'merge_slashes off; keepalive_requests 1000000; access_log off;',
  })
  const flags = `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr notice;`
  const command = [NGINX, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', flags]
  return ending(folder, await startProgram(command, { cores, ready: 'getrlimit' }))
}

/** Envoy in one thread with the file of `deploy/gateways`, or without its filter. `undefined`: it is not here. */
export async function startEnvoy(
  kind: 'grpc' | 'http' | 'bare',
  { api, grpc, http, port, secret }: Places,
  cores: Cores,
): Promise<Program | undefined> {
  if (!existsSync(ENVOY)) return undefined
  const file = kind === 'http' ? 'http.yaml' : 'grpc.yaml'
  const ports = portsIn({ 7490: http, 7491: grpc, 8080: port, 9000: api })
  const folder = fillIn([`envoy/${file}`], { ...OURS, ...ports, REMIT_ENFORCER_SECRET: secret })
  const path = join(folder, file)
  if (kind === 'bare') writeFileSync(path, withoutFilter(readFileSync(path, 'utf8')))
  const flags = ['--concurrency', '1', '--use-dynamic-base-id', '-l', 'info']
  const ready = 'starting main dispatch loop'
  return ending(folder, await startProgram([ENVOY, '-c', path, ...flags], { cores, ready }))
}

/** Takes the filter out of a configuration, so that nobody is asked. */
function withoutFilter(text: string): string {
  const all = parse(text)
  const [chain] = all.static_resources.listeners[0].filter_chains
  chain.filters[0].typed_config.http_filters.shift()
  return stringify(all)
}

function ending(folder: string, program: Program): Program {
  return {
    ...program,
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
