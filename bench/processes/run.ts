// `node bench/processes/run.ts`: calls through the gateway, served by one process on one core and by two on two, with the same load.
import { gatewayGet } from '../gateway/get-way.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { DecisionSet } from '../harness/decided.ts'
import { describeMachine, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { type Remit, startRemit } from '../harness/remit.ts'
import { Rounds, ratio } from '../harness/results.ts'
import { CONNECTIONS, MEASURES, measureMost, type Way, warmUp } from '../harness/way.ts'

/** Calls of each process before any that count: V8 needs them to optimize most of the way. */
const WARM_UP = 20_000
/** Servers to compare. Each process is given as many connections. */
const SERVED = [
  { name: 'one process on one core', processes: 1, cores: 'measured' },
  { name: 'two processes on two cores', processes: 2, cores: 'both' },
] as const
const [ONE, TWO] = SERVED

const options = readOptions({ seconds: 3, rounds: 5 }, [])
const pinned = pinMyself()
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const running: Remit[] = []
try {
  const decided = new DecisionSet()
  const ways: { way: Way; count: number; connections: number }[] = []
  for (const { cores, name, processes } of SERVED) {
    const remit = await startRemit({
      cores: pinned ? cores : 'any',
      upstream: `http://127.0.0.1:${upstream.port}`,
      env: { REMIT_PROCESSES: String(processes) },
    })
    running.push(remit)
    const tasks = await remit.openTasks(CONNECTIONS)
    const way = gatewayGet({ name, remit, upstream, decided }, tasks)
    const perSecond = await warmUp(way, WARM_UP * processes)
    const count = Math.round(perSecond * options.seconds)
    ways.push({ way, count, connections: CONNECTIONS * processes })
  }
  const rounds = new Rounds()
  // In turns, so that what else the machine does disturbs both.
  for (let round = 0; round < options.rounds; round++)
    for (const { connections, count, way } of ways) {
      // Both stand in the same columns, and so a measure does not name its connections.
      const alike = new Rounds()
      await measureMost(way, count, alike, connections)
      for (const { measure = '', unit, values } of alike.all())
        rounds.addMeasure(way.name, measure.split(' at ')[0] ?? '', unit, values[0] ?? Number.NaN)
    }
  for (const [i, { program }] of running.entries())
    rounds.add(`resident memory, ${SERVED[i]?.name}`, 'MiB', program.residentMiB())
  report(rounds)
} finally {
  for (const remit of running) await remit.stop()
  upstream.close()
}

function report(rounds: Rounds): void {
  const of = (name: string, measure: string) => rounds.getMeasure(name, measure)
  const byRate = ratio(of(TWO.name, MEASURES.rate), of(ONE.name, MEASURES.rate))
  const byTime = 2 * ratio(of(ONE.name, MEASURES.cpu), of(TWO.name, MEASURES.cpu))
  publish(
    {
      benchmark: 'processes',
      says: `GET through the gateway of \`remit serve\`, by one process that has a core to itself, and by two (\`REMIT_PROCESSES\`) on both cores, in turns;
SQLite with every commit on disk. Closed loop with ${CONNECTIONS} connections for each process. API and load run on the second core, and take their share of
what two processes have. Processor time of a call is of all processes.`,
      machine,
      settings: { 'connections for each process': CONNECTIONS, 'warm-up calls': WARM_UP },
      series: rounds.all(),
      findings: [
        {
          name: 'two processes on two cores, of which the load takes its share: times one',
          ...{ value: byRate, unit: '', aim: '≥ 1.8', met: byRate >= 1.8 },
        },
        {
          name: 'the same by processor time: two cores for calls alone',
          ...{ value: byTime, unit: '', aim: '≥ 1.8', met: byTime >= 1.8 },
        },
      ],
    },
    options,
  )
}
