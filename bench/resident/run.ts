// `node bench/resident/run.ts`: what a server holds in memory while it answers 100,000 calls through the gateway.
import { setTimeout } from 'node:timers/promises'
import { gatewayGet } from '../gateway/get-way.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { costOf } from '../harness/cost.ts'
import { DecisionSet } from '../harness/decided.ts'
import { describeMachine, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { packedProgram } from '../harness/packed.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { median, type Results, Rounds } from '../harness/results.ts'
import { CONNECTIONS, MEASURES, most } from '../harness/way.ts'

const CALLS = 10_000
const NAME = 'gateway'

const options = readOptions({ seconds: 5, rounds: 10 }, [])
const pinned = pinMyself()
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const remit = await startRemit({
  cores: pinned ? 'measured' : 'any',
  upstream: `http://127.0.0.1:${upstream.port}`,
  main: await packedProgram(),
})
const { program } = remit
const decided = new DecisionSet()
const rounds = new Rounds()
const resident = (when: string) => rounds.add(`resident, ${when}`, 'MiB', program.residentMiB())
try {
  resident('after the start')
  const tasks = await remit.openTasks(CONNECTIONS)
  resident(`after ${CONNECTIONS} tasks were opened`)
  const way = gatewayGet({ name: NAME, remit, upstream, decided }, tasks)
  for (let round = 1; round <= options.rounds; round++) {
    const requests = await way.prepare(CALLS)
    const { cpuMicroseconds } = await costOf(program, () => most(way, requests))
    rounds.addMeasure(NAME, MEASURES.cpu, 'µs', cpuMicroseconds)
    resident(`after ${round * CALLS} calls`)
  }
  await setTimeout(1_000 * options.seconds)
  resident(`${options.seconds} s later`)
  decided.mustBeBooked(remit.data)
  report()
} finally {
  await remit.stop()
  upstream.close()
}

function report(): void {
  const calls = options.rounds * CALLS
  const after = rounds.get(`resident, after ${calls} calls`).values[0] ?? Number.NaN
  const results: Results = {
    benchmark: 'resident',
    says: `Resident memory of \`remit serve\` of the package, embedded, while it answers ${calls} calls through the gateway: each token verified once and
each proof, all gates, proof, intent and outcome durable in SQLite. ${CONNECTIONS} connections, as many tasks. Processor time stands beside it, so that
memory is not bought with time.`,
    machine,
    settings: { connections: CONNECTIONS, 'calls in a round': CALLS },
    series: rounds.all(),
    findings: [
      {
        name: `resident after ${calls} calls`,
        value: after,
        unit: 'MiB',
        aim: '≤ 250 MiB',
        met: after <= 250,
      },
      {
        name: 'processor time of a call meanwhile',
        ...{ value: median(rounds.getMeasure(NAME, MEASURES.cpu).values), unit: 'µs' },
      },
    ],
  }
  publish(results, options)
}
