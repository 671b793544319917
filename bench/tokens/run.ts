// `node bench/tokens/run.ts`: how many resource tokens a second one core exchanges, beside what the signatures alone allow.
// With `--profile`: where the time goes instead.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { OpenTask } from '../../src/cli/agent/client.ts'
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from '../../src/cli/agent/uris.ts'
import { readBooks } from '../harness/books.ts'
import type { Answer } from '../harness/connection.ts'
import { costOf } from '../harness/cost.ts'
import { measureFsync } from '../harness/fsync.ts'
import { closedLoop, type Load, percentile } from '../harness/load.ts'
import { describeMachine, onServerCore, PROJECT, pinMyself } from '../harness/machine.ts'
import { profilesWanted } from '../harness/profile.ts'
import { freePorts, startProgram } from '../harness/program.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import { startRemit } from '../harness/remit.ts'
import { median, publish, Rounds, ratio } from '../harness/results.ts'

const ROUNDS = 5
const SECONDS = 4
const CONNECTIONS = 32
const WARM_UP = 8_000
const EMPTY_REQUESTS = 40_000

const EXCHANGE = 'token exchange'
const ONE_THREAD = 'signatures, one thread'
const POOL = 'signatures, thread pool'
const EMPTY = 'empty node:http route'
const CPU = ', CPU'

const profiles = profilesWanted()
const pinned = pinMyself()
const machine = describeMachine(pinned)
const upstream = 'http://127.0.0.1:9' // never called
const remit = await startRemit({ pinned, upstream, nodeOptions: profiles.nodeOptions })
const [emptyPort = 0] = await freePorts(1)
const empty = await startProgram(
  [process.execPath, join(PROJECT, 'bench', 'harness', 'empty-route.ts'), String(emptyPort)],
  { pinned, ready: 'ready' },
)
const tokenUrl = `${remit.issuer}/oauth/token`
const resource = `${remit.gateway}/orders`
const issued = new Set<string>()
const rounds = new Rounds()
try {
  const tasks = await remit.openTasks(CONNECTIONS)
  const makers = tasks.map((task) => new ProofMaker(task))
  const prepare = (count: number) =>
    Array.from({ length: count }, (_, i) => exchangeRequest(tasks, makers, i % tasks.length))
  const warm = await exchanges(prepare(WARM_UP))
  if (!profiles.wanted) {
    const count = Math.round((warm.requests / warm.seconds) * SECONDS)
    for (let round = 0; round < ROUNDS; round++) await oneRound(prepare(count))
    report(count)
  }
} finally {
  await remit.stop()
  await empty.stop()
}
profiles.print()

async function oneRound(requests: readonly Buffer[]): Promise<void> {
  const { cpuMicroseconds, load, perSecond } = await costOf(remit.program, () =>
    exchanges(requests),
  )
  rounds.add(EXCHANGE, '/s', perSecond)
  rounds.add(EXCHANGE + CPU, 'µs', cpuMicroseconds)
  rounds.add('token exchange, p50 in the closed loop', 'ms', percentile(load.latencies, 0.5))
  rounds.add('token exchange, p99 in the closed loop', 'ms', percentile(load.latencies, 0.99))
  rounds.add('load generator, share of its core', '', load.generatorBusy)
  for (const [name, how] of [
    [ONE_THREAD, 'one-thread'],
    [POOL, 'pool'],
  ] as const) {
    const { cpuMicroseconds: cpu, perSecond: rate } = signatures(how)
    rounds.add(name, '/s', rate)
    rounds.add(name + CPU, 'µs', cpu)
  }
  const same = requests[0] ?? Buffer.alloc(0)
  const many = Array.from({ length: EMPTY_REQUESTS }, () => same)
  const bare = await costOf(empty, () =>
    closedLoop(emptyPort, many, { connections: CONNECTIONS, check: isOk }),
  )
  rounds.add(EMPTY, '/s', bare.perSecond)
  rounds.add(EMPTY + CPU, 'µs', bare.cpuMicroseconds)
  await replayed(requests.slice(0, CONNECTIONS))
}

function report(count: number): void {
  const recorded = readBooks(remit.data).records.get('token.issued') ?? 0
  if (recorded !== issued.size)
    throw new Error(`${issued.size} tokens were issued and ${recorded} recorded`)
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  rounds.add('fsync of this disk, p50', 'ms', measureFsync(remit.data).p50)
  const share = ratio(rounds.get(EXCHANGE), rounds.get(ONE_THREAD))
  publish({
    benchmark: 'tokens',
    says: `A task token and a DPoP proof become a resource token at \`/oauth/token\` of \`remit serve\`: two signatures verified, one made, proof and
record durable in SQLite before the answer. ${CONNECTIONS} connections, closed loop. ${issued.size} tokens, all different, each with its
record in the ledger; ${ROUNDS * CONNECTIONS} replayed proofs, all refused.`,
    machine,
    settings: {
      'SQLite synchronous': 'FULL',
      connections: CONNECTIONS,
      'requests in a run': count,
      'log level': 'info, to a file',
      'warm-up requests': WARM_UP,
    },
    series: rounds.all(),
    findings: [
      {
        name: 'share of the signature ceiling, one thread',
        value: share,
        unit: '',
        aim: '≥ 0.5',
        met: share >= 0.5,
      },
      {
        name: 'the same by processor time',
        value: ratio(rounds.get(ONE_THREAD + CPU), rounds.get(EXCHANGE + CPU)),
        unit: '',
      },
      {
        name: 'token exchanges',
        value: median(rounds.get(EXCHANGE).values),
        unit: '/s',
        aim: '≥ 2,400/s where the ceiling is 4,500/s',
      },
      {
        name: 'share of an empty route',
        value: ratio(rounds.get(EXCHANGE), rounds.get(EMPTY)),
        unit: '',
      },
    ],
  })
}

function exchangeRequest(
  tasks: readonly OpenTask[],
  makers: readonly ProofMaker[],
  of: number,
): Buffer {
  const task = tasks[of]
  const proof = makers[of]?.make({ method: 'POST', url: tokenUrl })
  if (!task || proof === undefined) throw new Error('there is no such task')
  const body = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    client_id: task.id,
    subject_token: task.token,
    subject_token_type: ACCESS_TOKEN,
    resource,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', dpop: proof }
  return requestBytes({ method: 'POST', url: tokenUrl, headers, body: body.toString() })
}

function exchanges(requests: readonly Buffer[]): Promise<Load> {
  return closedLoop(remit.issuerPort, requests, {
    connections: CONNECTIONS,
    check(answer) {
      isOk(answer)
      const { access_token: token } = JSON.parse(answer.body.toString())
      if (issued.has(token)) throw new Error('a token was issued twice')
      issued.add(token)
    },
  })
}

/** Every proof of these was used in the run before: none of them may be good for a token. */
async function replayed(requests: readonly Buffer[]): Promise<void> {
  await closedLoop(remit.issuerPort, requests, {
    connections: 4,
    check({ body, status }) {
      if (status !== 400 || !body.includes('proof.replayed'))
        throw new Error(`a replayed proof was answered ${status} ${body}`)
    },
  })
}

function isOk({ body, status }: Answer): void {
  if (status !== 200) throw new Error(`answered ${status}: ${body}`)
}

/** The three signatures alone, in a process of their own on the same core. */
function signatures(how: 'one-thread' | 'pool'): { perSecond: number; cpuMicroseconds: number } {
  const program = join(import.meta.dirname, 'signatures.ts')
  const [command, args] = onServerCore(pinned, [
    process.execPath,
    program,
    how,
    '2',
    String(CONNECTIONS),
  ])
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }))
}
