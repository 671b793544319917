// `node bench/processes/run.ts`: calls through the gateway, served by one process and by two, with the same load.

import { gatewayGet } from '../gateway/get-way.ts'
import { startUpstream } from '../gateway/upstream.ts'
import { DecisionSet } from '../harness/decided.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { type Remit, startRemit } from '../harness/remit.ts'
import { Rounds, ratio } from '../harness/results.ts'
import { CONNECTIONS, MEASURES, measureMost, most, type Way } from '../harness/way.ts'

const WARM_UP = 2_000
const PROCESSES = [1, 2]
const nameOf = (processes: number) => (processes === 1 ? 'one process' : `${processes} processes`)

const options = readOptions({ seconds: 3, rounds: 5 }, [])
const machine = describeMachine(false)
const upstream = await startUpstream()
const served: Remit[] = []
try {
  const ways: Way[] = []
  const decided = new DecisionSet()
  for (const processes of PROCESSES) {
    const remit = await startRemit({
      cores: 'any',
      upstream: `http://127.0.0.1:${upstream.port}`,
      env: { REMIT_PROCESSES: String(processes) },
    })
    served.push(remit)
    const tasks = await remit.openTasks(CONNECTIONS)
    ways.push(gatewayGet({ name: nameOf(processes), remit, upstream, decided }, tasks))
  }
  const rounds = new Rounds()
  let count = 1_000
  for (const way of ways) {
    const warm = await most(way, await way.prepare(WARM_UP))
    count = Math.max(count, Math.round((warm.requests / warm.seconds) * options.seconds))
  }
  // In turns, so that what else the machine does disturbs both.
  for (let round = 0; round < options.rounds; round++)
    for (const way of ways) await measureMost(way, count, rounds)
  for (const [i, remit] of served.entries())
    rounds.add(
      `resident memory of ${nameOf(PROCESSES[i] ?? 1)}, all together`,
      'MiB',
      remit.program.residentMiB(),
    )
  publish(
    {
      benchmark: 'processes',
      says: `GET through the gateway of \`remit serve\`, by one process and by two (\`REMIT_PROCESSES\`), SQLite with every commit on disk, one after
the other in each round. Closed loop with ${CONNECTIONS} connections. API, load and server share the cores of the machine: with two cores,
the second process has no core of its own, and throughput says little. Processor time of a call is of all processes.`,
      machine,
      settings: { connections: CONNECTIONS, 'warm-up calls': WARM_UP, calls: count },
      series: rounds.all(),
      findings: [
        {
          name: 'throughput of two processes, share of one',
          unit: '',
          value: share(rounds, MEASURES.rate),
        },
        {
          name: 'processor time of a call with two processes, share of one',
          unit: '',
          value: share(rounds, MEASURES.cpu),
        },
      ],
    },
    options,
  )
} finally {
  for (const remit of served) await remit.stop()
  upstream.close()
}

function share(rounds: Rounds, measure: string): number {
  return ratio(rounds.getMeasure(nameOf(2), measure), rounds.getMeasure(nameOf(1), measure))
}
