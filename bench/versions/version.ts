import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callsOf, mustBeSingle, mustPermit, singles } from '../authzen/requests.ts'
import { gatewayGet } from '../gateway/get-way.ts'
import { CodeClient } from '../gateway/mcp/code-grant.ts'
import { type Conversation, decisionOf, isResult } from '../gateway/mcp/messages.ts'
import { FEW, MANY, REVISION } from '../gateway/mcp/offer.ts'
import { callWay, listWay } from '../gateway/mcp/way.ts'
import { bearers, keyed } from '../gateway/mcp/ways.ts'
import type { Upstream } from '../gateway/upstream.ts'
import { DecisionSet } from '../harness/decided.ts'
import type { Check } from '../harness/load.ts'
import type { Cores } from '../harness/machine.ts'
import { type Remit, startRemit } from '../harness/remit.ts'
import { CONNECTIONS, type Way } from '../harness/way.ts'
import { Exchanger } from '../tokens/exchanger.ts'

/** Jobs of a server, as their aims name them. */
export const JOBS = {
  call: 'gateway call',
  mcp: 'MCP call, DPoP',
  bearer: 'MCP call, bearer token',
  few: 'list of 10 MCP tools',
  many: 'list of 200 MCP tools',
  token: 'resource token',
  policy: 'AuthZEN evaluation, policy-only',
  task: 'AuthZEN evaluation, call of a task',
} as const

/** Name of the calls that go to the API without a gateway. */
export const DIRECT = 'the API without a gateway'
/** A second, at which latency is measured. */
export const RATE = 500

/** A job of one version, and how it is measured. */
export interface Job {
  readonly way: Way
  /** Numbers of connections of closed loops. */
  readonly connections: readonly number[]
  /** True: measured by an open loop, too. */
  readonly isPaced?: boolean
}

/** A server of one version, with everything in it that the jobs need. */
export interface ServedVersion {
  readonly name: string
  readonly remit: Remit
  readonly jobs: readonly Job[]
  stop(): Promise<void>
}

/** A checkout with its dependencies, and what its numbers are called. */
export interface Version {
  readonly name: string
  readonly project: string
  /** Program of its package; undefined for a version that had none. */
  readonly main: string | undefined
}

/** Starts the server of a checkout, and seeds it by the programs of that checkout. */
export async function serveVersion(
  version: Version,
  of: { cores: Cores; upstream: Upstream; mcpPort: number },
): Promise<ServedVersion> {
  const { upstream } = of
  const home = mkdtempSync(join(tmpdir(), 'remit-bench-versions-'))
  const secretsFile = join(home, 'secrets.json')
  const servers = `http://127.0.0.1:${of.mcpPort}`
  const bench = join(version.project, 'bench')
  const remit = await startRemit({
    cores: of.cores,
    upstream: `http://127.0.0.1:${upstream.port}`,
    project: version.project,
    ...(version.main === undefined ? {} : { main: version.main }),
    seeds: [
      [join(bench, 'gateway', 'mcp', 'seed.ts'), servers, servers],
      [join(bench, 'authzen', 'seed.ts'), secretsFile],
    ],
  })
  const secrets: Secrets = JSON.parse(readFileSync(secretsFile, 'utf8'))
  rmSync(home, { recursive: true })
  const client = await CodeClient.register(remit.issuer, `${remit.gateway}/${FEW.name}`)
  return {
    name: version.name,
    remit,
    jobs: [
      ...(await gatewayJobs(version.name, { remit, client, upstream })),
      ...(await issuerJobs(version.name, remit, secrets)),
    ],
    async stop() {
      client.close()
      await remit.stop()
    },
  }
}

/** Secrets of the enforcement points that `bench/authzen/seed.ts` made. */
interface Secrets {
  readonly records: string
  readonly mesh: string
}

async function gatewayJobs(
  version: string,
  { client, remit, upstream }: { remit: Remit; client: CodeClient; upstream: Upstream },
): Promise<Job[]> {
  const decided = new DecisionSet()
  const isDecided: Check = (answer, index) => {
    isResult(answer, index)
    decided.add(decisionOf(answer))
  }
  const named = (way: Way, job: string) => ({ ...way, name: `${job}: ${version}` })
  const at = { port: remit.gatewayPort, program: remit.program }
  const few = { ...at, conversations: await keyed({ remit }, FEW) }
  const many = { ...at, conversations: await keyed({ remit }, MANY) }
  const bearer = { ...at, conversations: await bearers({ remit }, client) }
  const tasks = await remit.openTasks(CONNECTIONS)
  const call = gatewayGet({ name: '', remit, upstream, decided }, tasks)
  const onPage = await toolsOnAPage(many.conversations)
  const connections = [CONNECTIONS]
  return [
    { way: named(call, JOBS.call), connections: [CONNECTIONS, 1], isPaced: true },
    { way: named(callWay('', few, { check: isDecided }), JOBS.mcp), connections },
    { way: named(callWay('', bearer, { check: isDecided }), JOBS.bearer), connections },
    { way: named(listWay('', few, FEW), JOBS.few), connections },
    { way: named(listWay('', many, MANY, onPage), JOBS.many), connections },
  ]
}

/** Older versions answer a long list in pages. */
async function toolsOnAPage([conversation]: readonly Conversation[]): Promise<number> {
  if (!conversation) throw new Error('nobody to ask')
  const { caller, session, url } = conversation
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-session-id': session,
      'mcp-protocol-version': REVISION,
      ...caller.credentials('POST'),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  })
  const { result }: { result: { tools: unknown[] } } = JSON.parse(await answer.text())
  return result.tools.length
}

async function issuerJobs(version: string, remit: Remit, secrets: Secrets): Promise<Job[]> {
  const at = { port: remit.issuerPort, program: remit.program }
  const exchanger = new Exchanger(remit, await remit.openTasks(CONNECTIONS))
  const [task] = await remit.openTasks(1)
  if (!task) throw new Error('there is no task')
  const { port } = at
  return [
    {
      way: {
        ...{ ...at, name: `${JOBS.token}: ${version}`, check: exchanger.check },
        prepare: (count) => exchanger.prepare(count),
      },
      connections: [CONNECTIONS],
    },
    {
      way: {
        ...{ ...at, name: `${JOBS.policy}: ${version}`, check: mustBeSingle },
        prepare: (count) => singles(port, secrets.records, count),
      },
      connections: [CONNECTIONS, 1],
    },
    {
      way: {
        ...{ ...at, name: `${JOBS.task}: ${version}`, check: mustPermit },
        prepare: (count) => callsOf(task, { count, port, secret: secrets.mesh }),
      },
      connections: [CONNECTIONS, 1],
    },
  ]
}
