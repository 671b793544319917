import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { envoy as counterpart } from '../../../test/interop/envoy/get.ts'
import { freePorts } from '../../../test/ports.ts'
import { startUpstream } from '../../gateway/upstream.ts'
import { type Program, startProgram } from '../../harness/program.ts'
import { requestBytes } from '../../harness/proofs.ts'
import { OPA } from '../decisions/opa.ts'
import { builtByGo } from '../go-program.ts'
import { type Peer, together } from '../peer.ts'
import { AGENT } from '../question.ts'
import { TokenIssuer } from './access-token.ts'

const PATH = '/orders/1042'
const PERSON = 'person-0'
const POLICY = `package gate
default allow := false
allow if {
  "support" in data.people[input.person].groups
  input.agent in data.agents
  input.method == "GET"
  startswith(input.path, "/orders/")
}
`
/** Envoy itself speaks to OPA only by the gRPC of a plugin; so a script of the filter for scripts asks, as OPA answers over HTTP. */
const SCRIPT = `function envoy_on_request(handle)
  local claims = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")["claims"]
  local headers = handle:headers()
  local body = string.format('{"input":{"person":"%s","agent":"%s","method":"%s","path":"%s"}}',
    claims["sub"], claims["agent"], headers:get(":method"), headers:get(":path"))
  local answered, answer = handle:httpCall("opa", {
    [":method"] = "POST", [":path"] = "/v1/data/gate/allow", [":authority"] = "opa",
    ["content-type"] = "application/json" }, body, 1000)
  if answered[":status"] ~= "200" or not string.find(answer, '{"result":true}', 1, true) then
    handle:respond({ [":status"] = "403" }, "denied")
  end
end
`

export function envoy(how: 'asks nobody' | 'asks OPA'): Peer {
  const asks = how === 'asks OPA'
  return {
    name: asks ? 'Envoy with a JWT check, asking OPA' : 'Envoy with a JWT check',
    version: asks ? `${counterpart.version}, OPA ${OPA.version}` : counterpart.version,
    settings: asks
      ? 'one thread; `jwt_authn` with ES256 and a cache of verified tokens; a Lua script asks OPA over HTTP about each call (the gRPC plugin of OPA cannot be had from the module proxy); both programs on the measured core'
      : 'one thread; `jwt_authn` with ES256 and a cache of verified tokens',
    without: asks
      ? 'no proof of possession, no task or budget, no live state, no record, no token for the API; one bearer token for all calls'
      : 'asks no policy; no proof of possession, no record',
    async start({ cores, home }) {
      const { REMIT_INTEROP_ENVOY: programs = '' } = await counterpart.get()
      const api = await startUpstream()
      const [port = 0, opaPort = 0] = await freePorts(2)
      const issuer = new TokenIssuer()
      const file = join(home, 'envoy.yaml')
      writeFileSync(
        file,
        stringify(configuration({ port, api: api.port, opa: asks ? opaPort : 0, issuer })),
      )
      const program = await startProgram(
        [
          ...[join(programs, 'envoy'), '-c', file, '--concurrency', '1'],
          ...['--use-dynamic-base-id', '-l', 'info'],
        ],
        { cores, ready: 'starting main dispatch loop' },
      )
      const all: Program[] = [program]
      if (asks) {
        const policy = join(home, 'gate.rego')
        const data = join(home, 'data.json')
        const groups = { [PERSON]: { groups: ['support'] }, other: { groups: ['sales'] } }
        writeFileSync(policy, POLICY)
        writeFileSync(data, JSON.stringify({ people: groups, agents: [AGENT] }))
        all.push(
          await startProgram(
            [
              ...[builtByGo(OPA), 'run', '--server', '--disable-telemetry', '--log-level', 'error'],
              ...['--addr', `127.0.0.1:${opaPort}`, policy, data],
            ],
            { cores, answers: `http://127.0.0.1:${opaPort}/health`, env: { GOMAXPROCS: '1' } },
          ),
        )
      }
      const url = `http://127.0.0.1:${port}${PATH}`
      await mustRefuse(url, asks ? issuer.tokenFor('other', ['sales']) : '', asks ? 403 : 401)
      const forged = new TokenIssuer().tokenFor(PERSON, ['support'])
      await mustRefuse(url, forged, 401)
      const headers = { authorization: `Bearer ${issuer.tokenFor(PERSON, ['support'])}` }
      const bytes = requestBytes({ method: 'GET', url, headers })
      const both = together(all)
      return {
        ways: [
          {
            name: `GET: Envoy, JWT check, ${how}`,
            port,
            program: both,
            prepare: (count: number) => Array.from({ length: count }, () => bytes),
            check({ body, status }: { body: Buffer; status: number }) {
              if (status !== 200 || body.toString() !== api.body)
                throw new Error(`answered ${status}: ${body}`)
            },
          },
        ],
        warmUp: 10_000,
        async stop() {
          await both.stop()
          api.close()
        },
      }
    },
  }
}

/** Checks that what is measured refuses who may not. */
async function mustRefuse(url: string, token: string, status: number): Promise<void> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  await answer.body?.cancel()
  if (answer.status !== status) throw new Error(`${url} answered ${answer.status}, not ${status}`)
}

function configuration(of: {
  port: number
  api: number
  opa: number
  issuer: TokenIssuer
}): object {
  const { api, issuer, opa, port } = of
  const type = (name: string) => ({
    '@type': `type.googleapis.com/envoy.extensions.filters.${name}`,
  })
  const jwt = {
    name: 'envoy.filters.http.jwt_authn',
    typed_config: {
      ...type('http.jwt_authn.v3.JwtAuthentication'),
      providers: {
        bench: {
          ...{ issuer: issuer.issuer, audiences: [issuer.audience], payload_in_metadata: 'claims' },
          // Remit, too, verifies each token once.
          jwt_cache_config: { jwt_cache_size: 100 },
          local_jwks: { inline_string: JSON.stringify(issuer.jwks) },
        },
      },
      rules: [{ match: { prefix: '/' }, requires: { provider_name: 'bench' } }],
    },
  }
  const script = {
    name: 'envoy.filters.http.lua',
    typed_config: { ...type('http.lua.v3.Lua'), default_source_code: { inline_string: SCRIPT } },
  }
  const router = { name: 'envoy.filters.http.router', typed_config: type('http.router.v3.Router') }
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'api' } }]
  const manager = {
    ...type('network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'public',
    route_config: { virtual_hosts: [{ name: 'api', domains: ['*'], routes }] },
    http_filters: [jwt, ...(opa ? [script] : []), router],
  }
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }]
  const listener = { name: 'public', address: addressOf(port), filter_chains: [{ filters }] }
  const clusters = [cluster('api', api), ...(opa ? [cluster('opa', opa)] : [])]
  return { static_resources: { listeners: [listener], clusters } }
}

function addressOf(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}

function cluster(name: string, port: number): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: addressOf(port) } }] }]
  return { name, connect_timeout: '1s', load_assignment: { cluster_name: name, endpoints } }
}
