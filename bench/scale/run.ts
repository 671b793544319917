// `node bench/scale/run.ts`: what it costs to open, exchange, decide, ask, close and list, with a thousand people and with a million, in turns in
// the same minutes, on both engines. `--people N`: another number than a million; `--only SQLite`: one engine.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../test/postgres/start.ts'
import { installOwn } from '../../tools/install-own.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { type Finding, Rounds, ratio } from '../harness/results.ts'
import { ACTS } from './acts.ts'
import { newJwk, type Size } from './crowd.ts'
import { serveProvider } from './provider.ts'
import { FilledServer } from './served.ts'
import { ENGINES, type Engine, fillStores, mebibytesOf, type Store } from './stores.ts'
import type { CostReport } from './subject.ts'

const SMALL: Size = { people: 1_000, agents: 100 }
/** Number of times that each act runs in each round. */
const TIMES = 200
const WARM_UP = 2
const STARTS = 3
const START = 'starting'

const options = readOptions({ seconds: 1, rounds: 5 }, ['only', 'people'])
const { only, people = 1_000_000 } = options
const large: Size = { people, agents: Math.ceil(people / 10) }
const engines = ENGINES.filter((name) => only === undefined || name === only)
const machine = describeMachine(false)
const rounds = new Rounds()
const home = mkdtempSync(join(tmpdir(), 'remit-bench-'))
chmodSync(home, 0o755)
const { privateJwk, publicJwk } = newJwk()
const provider = await serveProvider(publicJwk)
installOwn('test/postgres', 'PostgreSQL (once; about 60 MB)')
// The default of 128 MB is that of a machine of long ago.
const postgres = engines.includes('PostgreSQL')
  ? await startPostgres({ shared_buffers: '1GB', max_wal_size: '8GB' })
  : undefined
const from = { home, engines, postgres, provider: { issuer: provider.issuer, key: privateJwk } }
try {
  const fewer = await fillStores(from, 'fewer', SMALL)
  const more = await fillStores(from, 'more', large)
  for (const engine of engines) {
    const own = [...fewer, ...more].filter((store) => store.engine === engine)
    for (const store of own)
      rounds.add(`${engine}, on disk, ${peopleOf(store)}`, 'MiB', await mebibytesOf(store.place))
    for (let round = 0; round < Math.min(options.rounds, STARTS); round++)
      for (const store of own) await startOnce(store)
    await compare(own)
  }
} finally {
  await provider.close()
  await postgres?.stop()
  rmSync(home, { recursive: true })
}
report()

async function startOnce(store: Store): Promise<void> {
  const served = await FilledServer.start(store.place, store.crowd)
  note(store, START, served.began)
  await served.stop()
}

/** Measures all in turns; who is first changes from round to round. */
async function compare(stores: readonly Store[]): Promise<void> {
  const served: { store: Store; server: FilledServer }[] = []
  try {
    for (const store of stores)
      served.push({ store, server: await FilledServer.start(store.place, store.crowd) })
    for (let round = -WARM_UP; round < options.rounds; round++)
      for (const { name } of ACTS)
        for (const { server, store } of round % 2 ? served : served.toReversed()) {
          const told = await server.measure(name, TIMES)
          if (round >= 0) note(store, name, told)
          if (round === options.rounds - 1 && name === ACTS.at(-1)?.name) noteMemory(store, told)
        }
  } finally {
    for (const { server } of served) await server.stop()
  }
}

function note(store: Store, act: string, { cpuMs, did, residentMiB, wallMs }: CostReport): void {
  const of = `${store.engine}: ${act}`
  const count = peopleOf(store)
  const [unit, times] = act === START ? ['ms', 1] : ['µs', 1000]
  rounds.addMeasure(of, `processor, ${count}`, unit, (cpuMs * times) / did)
  rounds.addMeasure(of, `by the clock, ${count}`, unit, (wallMs * times) / did)
  if (act === START) rounds.addMeasure(of, `resident, ${count}`, 'MiB', residentMiB)
}

/** Notes what a process keeps of all that it has seen. */
function noteMemory({ engine, size }: Store, { residentMiB }: CostReport): void {
  rounds.add(`${engine}, resident afterwards, ${peopleOf({ size })}`, 'MiB', residentMiB)
}

function peopleOf({ size }: Pick<Store, 'size'>): string {
  return size.people.toLocaleString('en')
}

function report(): void {
  const [few, many] = [SMALL, large].map((size) => peopleOf({ size }))
  const times = (engine: Engine, act: string, measure: string): Finding => {
    const series = (count: string | undefined) =>
      rounds.getMeasure(`${engine}: ${act}`, `${measure}, ${count}`)
    const value = ratio(series(many), series(few))
    return { name: `${engine}: ${act}, ${measure}, times that of ${few}`, value, unit: '' }
  }
  publish(
    {
      benchmark: 'scale',
      says: `The same acts of two servers in turns: ${few} people with ${SMALL.agents.toLocaleString('en')} agents, and ${many} with
${large.agents.toLocaleString('en')}; everybody has a task that is open, an agent that may act for them, and a record in the ledger. Whole servers without
HTTP; processor time is of all their threads and of the database server. Each request is for somebody else, spread over all there are.`,
      machine,
      settings: {
        ...{ 'of each act in a round': TIMES, 'at once': 8, rounds: options.rounds },
        ...{ 'SQLite synchronous': 'FULL', 'PostgreSQL shared_buffers': '1GB, fsync on' },
      },
      series: rounds.all(),
      findings: engines.flatMap((engine) => [
        times(engine, START, 'processor'),
        times(engine, START, 'resident'),
        ...ACTS.map(({ name }) => times(engine, name, 'processor')),
      ]),
    },
    options,
  )
}
