// `node bench/tokens/run.ts`: how many resource tokens a second are exchanged, beside what the signatures alone allow.
// With `--profile`: where the time goes instead.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { freePorts } from '../../test/ports.ts'
import { costOf } from '../harness/cost.ts'
import { measureFsync } from '../harness/fsync.ts'
import { closedLoop, percentile } from '../harness/load.ts'
import { describeMachine, onCores, PROJECT, pinMyself, versionOf } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { profilesWanted } from '../harness/profile.ts'
import { startProgram } from '../harness/program.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { median, type Results, Rounds, ratio } from '../harness/results.ts'
import { Exchanger, mustBeOk } from './exchanger.ts'
import { Plain } from './plain.ts'

const CONNECTIONS = 32
const WARM_UP = 8_000
const EMPTY_REQUESTS = 40_000

const EXCHANGE = 'token exchange, one core'
const WIDE = 'token exchange, both cores'
const ONE_THREAD = 'signatures alone, one thread'
const POOL = 'signatures alone, thread pool, one core'
const EMPTY = 'empty node:http route, one core'
const RULES = 'token exchange with 20 rules about issuing, one core'
const PLAIN_OPAQUE = 'plain oidc-provider, client credentials, opaque, in memory'
const PLAIN_BOUND = 'plain oidc-provider, client credentials, JWT bound by DPoP, in memory'
const PLAIN_DURABLE = 'plain oidc-provider, client credentials, JWT bound by DPoP, in SQLite'
const CPU = ', CPU'

const options = readOptions({ seconds: 3, rounds: 5 }, ['profile'])
const profiles = profilesWanted(options)
const pinned = pinMyself()
const cores = pinned ? 'measured' : 'any'
const machine = describeMachine(pinned)
const upstream = 'http://127.0.0.1:9' // never called
const remit = await startRemit({ cores, upstream, nodeOptions: profiles.nodeOptions })
/** Second server, free to use both cores: signatures and commits have threads of their own. */
const wideRemit = await startRemit({ cores: pinned ? 'both' : 'any', upstream })
const rulesRemit = await startRemit({
  ...{ cores, upstream },
  seeds: [[join(import.meta.dirname, 'rules.ts')]],
})
const inMemory = await Plain.start('memory', cores)
const inSqlite = await Plain.start('SQLite', cores)
const [emptyPort = 0] = await freePorts(1)
const empty = await startProgram(
  [process.execPath, join(PROJECT, 'bench', 'harness', 'empty-route.ts'), String(emptyPort)],
  { cores, ready: 'ready' },
)
const rounds = new Rounds()
try {
  const narrow = new Exchanger(remit, await remit.openTasks(CONNECTIONS))
  const warm = await narrow.run(narrow.prepare(WARM_UP))
  if (profiles.wanted) {
    const requests = narrow.prepare(WARM_UP)
    profiles.begin(remit.program)
    await narrow.run(requests)
  } else {
    const wide = new Exchanger(wideRemit, await wideRemit.openTasks(CONNECTIONS))
    await wide.run(wide.prepare(WARM_UP))
    const count = Math.round((warm.requests / warm.seconds) * options.seconds)
    const ruled = new Exchanger(rulesRemit, await rulesRemit.openTasks(CONNECTIONS))
    await ruled.run(ruled.prepare(WARM_UP))
    await warmUpPlain()
    for (let round = 0; round < options.rounds; round++)
      await oneRound({ narrow, wide, ruled }, count)
    report(narrow.recorded() + wide.recorded() + ruled.recorded(), count)
  }
} finally {
  await remit.stop()
  await wideRemit.stop()
  await rulesRemit.stop()
  await inMemory.stop()
  await inSqlite.stop()
  await empty.stop()
}
await profiles.print(WARM_UP)

interface Exchangers {
  readonly narrow: Exchanger
  readonly wide: Exchanger
  readonly ruled: Exchanger
}

async function warmUpPlain(): Promise<void> {
  for (const plain of [inMemory, inSqlite])
    for (const bound of [true, false])
      await plain.run(plain.prepare(WARM_UP / 4, { bound }), CONNECTIONS)
}

async function oneRound({ narrow, ruled, wide }: Exchangers, count: number): Promise<void> {
  const requests = narrow.prepare(count)
  const { load } = await measure(EXCHANGE, remit.program, () => narrow.run(requests))
  rounds.add('token exchange, p50 in the closed loop', 'ms', percentile(load.latencies, 0.5))
  rounds.add('token exchange, p99 in the closed loop', 'ms', percentile(load.latencies, 0.99))
  rounds.add('load generator, share of its core', '', load.generatorBusy)
  await narrow.mustBeRefused(requests.slice(0, CONNECTIONS))
  const more = wide.prepare(count)
  await measure(WIDE, wideRemit.program, () => wide.run(more))
  const besides = ruled.prepare(count)
  await measure(RULES, rulesRemit.program, () => ruled.run(besides))
  await plainly(PLAIN_OPAQUE, inMemory, count, false)
  await plainly(PLAIN_BOUND, inMemory, count, true)
  await plainly(PLAIN_DURABLE, inSqlite, count, true)
  signatures(ONE_THREAD, 'one-thread')
  signatures(POOL, 'pool')
  const same = requests[0] ?? Buffer.alloc(0)
  const many = Array.from({ length: EMPTY_REQUESTS }, () => same)
  const options = { connections: CONNECTIONS, check: mustBeOk }
  await measure(EMPTY, empty, () => closedLoop(emptyPort, many, options))
}

async function plainly(name: string, plain: Plain, count: number, bound: boolean): Promise<void> {
  // They are fewer in a second, and the same time is enough.
  const requests = plain.prepare(Math.round(count / 2), { bound })
  await measure(name, plain.program, () => plain.run(requests, CONNECTIONS))
}

async function measure(name: string, ...of: Parameters<typeof costOf>): ReturnType<typeof costOf> {
  const cost = await costOf(...of)
  rounds.add(name, '/s', cost.perSecond)
  rounds.add(name + CPU, 'µs', cost.cpuMicroseconds)
  return cost
}

/** The two signatures alone, in a process of their own on the measured core. */
function signatures(name: string, how: 'one-thread' | 'pool'): void {
  const program = join(import.meta.dirname, 'signatures.ts')
  const command = [process.execPath, program, how, '1.5', String(CONNECTIONS)]
  const [file, args] = onCores(cores, command)
  const said: { perSecond: number; cpuMicroseconds: number } = JSON.parse(
    execFileSync(file, args, { encoding: 'utf8' }),
  )
  rounds.add(name, '/s', said.perSecond)
  rounds.add(name + CPU, 'µs', said.cpuMicroseconds)
}

function report(issued: number, count: number): void {
  rounds.add('resident memory of the server afterwards', 'MiB', remit.program.residentMiB())
  rounds.add('fsync of this disk, p50', 'ms', measureFsync(remit.data).p50)
  const share = (name: string) => ratio(rounds.get(name), rounds.get(ONE_THREAD))
  const results: Results = {
    benchmark: 'tokens',
    says: `A task token and a DPoP proof become a resource token at \`/oauth/token\` of \`remit serve\`: the proof's signature verified, the
token's made (each of the ${CONNECTIONS} task tokens is verified once and remembered), proof and record durable in SQLite before the answer. The ceiling is
those two signatures: ES256, one verified and one made. Beside it, plain \`oidc-provider\` (${versionOf('oidc-provider')}) by client credentials: a
secret, no person, no task, no record. ${CONNECTIONS} connections, closed loop. ${issued} tokens, all different, each with its
record in the ledger; ${options.rounds * CONNECTIONS} replayed proofs, all refused.`,
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
        name: 'processor time of an exchange',
        value: median(rounds.get(EXCHANGE + CPU).values),
        unit: 'µs',
        aim: '≤ 300 µs',
        met: median(rounds.get(EXCHANGE + CPU).values) <= 300,
      },
      {
        name: 'share of the signature ceiling (one verified, one made), by processor time',
        value: ratio(rounds.get(ONE_THREAD + CPU), rounds.get(EXCHANGE + CPU)),
        unit: '',
      },
      { name: 'the same by rate, server on one core', value: share(EXCHANGE), unit: '' },
      {
        name: 'the same, server on both cores beside the load',
        value: share(WIDE),
        unit: '',
      },
      ...[PLAIN_OPAQUE, PLAIN_BOUND, PLAIN_DURABLE].map((name) => ({
        name: `processor time of ${name}, times that of an exchange`,
        value: ratio(rounds.get(name + CPU), rounds.get(EXCHANGE + CPU)),
        unit: '',
      })),
      {
        name: 'processor time with 20 rules about issuing, times that without',
        value: ratio(rounds.get(RULES + CPU), rounds.get(EXCHANGE + CPU)),
        unit: '',
      },
      {
        name: 'share of an empty route',
        value: ratio(rounds.get(EXCHANGE), rounds.get(EMPTY)),
        unit: '',
      },
    ],
  }
  publish(results, options)
}
