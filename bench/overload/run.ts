// `node bench/overload/run.ts`: calls through the gateway at one, two and five times of what it can do, open loop.
import { gatewayGet } from '../gateway/get-way.ts'
import { startUpstream } from '../gateway/upstream.ts'
import type { Answer } from '../harness/connection.ts'
import { costOf } from '../harness/cost.ts'
import { DecisionSet } from '../harness/decided.ts'
import { openLoop, percentile } from '../harness/load.ts'
import { describeMachine, pinMyself } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { startRemit } from '../harness/remit.ts'
import { type Finding, median, Rounds } from '../harness/results.ts'
import { CONNECTIONS, most } from '../harness/way.ts'

const WARM_UP = 3_000
const TIMES = [1, 2, 5]
/** Connections of the open loop: more than a server works on at once. */
const OPEN = 1_000
/** Clients, each with a task of its own. */
const TASKS = 64

const options = readOptions({ seconds: 3, rounds: 5 }, [])
const pinned = pinMyself()
const machine = describeMachine(pinned)
const upstream = await startUpstream()
const remit = await startRemit({
  cores: pinned ? 'measured' : 'any',
  upstream: `http://127.0.0.1:${upstream.port}`,
})
try {
  const tasks = await remit.openTasks(TASKS)
  const decided = new DecisionSet()
  const way = gatewayGet({ name: 'gateway', remit, upstream, decided }, tasks)
  const rounds = new Rounds()
  await most(way, await way.prepare(WARM_UP))
  for (let round = 0; round < options.rounds; round++) {
    const best = await most(way, await way.prepare(WARM_UP))
    const capacity = best.requests / best.seconds
    rounds.add(`closed loop, ${CONNECTIONS} connections`, 'per second', capacity)
    for (const times of TIMES) await atRate(times, Math.round(capacity * times), rounds)
  }
  const best = median(rounds.get(`closed loop, ${CONNECTIONS} connections`).values)
  publish(
    {
      benchmark: 'overload',
      says: `GET through the gateway of \`remit serve\`, one process, SQLite with every commit on disk. What it can do is measured in a closed loop
in each round; then requests come by schedule at 1, 2 and 5 times of that over ${OPEN} connections of ${TASKS} tasks, whatever
becomes of them. Goodput: calls that were permitted and answered, a second. Every request has a proof of its own, made beforehand.
Latency counts from when a request was due.`,
      machine,
      settings: { 'connections of the open loop': OPEN, tasks: TASKS, REMIT_MAX_WORKING: 400 },
      series: rounds.all(),
      findings: TIMES.map((times) => goodputShare(rounds, times, best)),
    },
    options,
  )
} finally {
  await remit.stop()
  upstream.close()
}

async function atRate(times: number, perSecond: number, rounds: Rounds): Promise<void> {
  const requests = await prepareAt(perSecond)
  const ends: End[] = []
  const check = (answer: Answer, index: number) => {
    ends[index] = endOf(answer)
  }
  const { load, cpuMicroseconds } = await costOf(remit.program, () =>
    openLoop(remit.gatewayPort, requests, { connections: OPEN, perSecond, check }),
  )
  const of = (wanted: End) => load.latencies.filter((_, i) => ends[i] === wanted)
  const [good, refused, late] = [of('done'), of('server.busy'), of('upstream.busy')]
  const at = `${times} times`
  rounds.addMeasure(at, 'goodput', 'per second', good.length / load.seconds)
  rounds.addMeasure(at, 'asked', 'per second', requests.length / load.seconds)
  rounds.addMeasure(at, 'p99 of what was done', 'ms', percentile(good, 0.99))
  rounds.addMeasure(at, 'refused before any work', '', refused.length / requests.length)
  if (refused.length > 0) rounds.addMeasure(at, 'p99 of refusals', 'ms', percentile(refused, 0.99))
  rounds.addRare(at, 'refused after the gates (upstream.busy)', '', late.length / requests.length)
  rounds.addMeasure(at, 'CPU of each request, refused or not', 'µs', cpuMicroseconds)
}

/** End of a request: done, refused before any work, or refused a connection to the API after all gates. */
type End = 'done' | 'server.busy' | 'upstream.busy'

function endOf({ body, status }: Answer): End {
  if (status === 200) return 'done'
  const code = /"code":"(server\.busy|upstream\.busy)"/.exec(body.toString('latin1'))?.[1]
  if (status !== 503 || !code) throw new Error(`answered ${status}: ${body}`)
  return code === 'server.busy' ? code : 'upstream.busy'
}

async function prepareAt(perSecond: number): Promise<readonly Buffer[]> {
  const tasks = await remit.openTasks(TASKS)
  const way = gatewayGet({ name: 'gateway', remit, upstream, decided: new DecisionSet() }, tasks)
  return way.prepare(Math.ceil(perSecond * options.seconds))
}

function goodputShare(rounds: Rounds, times: number, best: number): Finding {
  const value = median(rounds.getMeasure(`${times} times`, 'goodput').values) / best
  const name = `goodput at ${times} times the load, share of the most`
  return times === 5
    ? { name, unit: '', value, aim: '≥ 0.8', met: value >= 0.8 }
    : { name, unit: '', value }
}
