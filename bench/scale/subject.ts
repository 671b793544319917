// A program: a whole server over a filled store, without listening, that does what it is told over the channel to its parent and says
// what it cost. `node bench/scale/subject.ts PLACE CROWD`.
import { readFileSync } from 'node:fs'
import { signInPerson } from '../../src/identity/identity-providers/index.ts'
import { openLog } from '../../src/platform/http/index.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { createServer } from '../../src/server.ts'
import { ACTS, Actor } from './acts.ts'
import type { Crowd } from './crowd.ts'
import { databaseMs } from './database-time.ts'
import { type Place, settingsFor } from './world.ts'

/** Request of the parent process. */
export type ParentRequest =
  | { readonly act: string; readonly count: number }
  | { readonly stop: true }

/** Processor time of this process, all threads, and of the database server; and wall time. In milliseconds. */
export interface CostReport {
  readonly did: number
  readonly cpuMs: number
  readonly wallMs: number
  readonly residentMiB: number
}

/** Number of requests that are under way at once. */
const AT_ONCE = 8

const place: Place = JSON.parse(process.argv[2] ?? '')
const began = now()
const server = await createServer({
  settings: settingsFor(place),
  clock: systemClock,
  random: systemRandom,
  log: openLog({ level: 'error' }),
  migrate: true,
  development: true,
})
tell(since(began, 1))

const crowd: Crowd = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8'))
const approver = await signInPerson(server.rooms.people, {
  issuer: crowd.provider.issuer,
  ...{ subject: 'finn', name: 'Finn', email: undefined, groupValues: ['finance'] },
  issuedAt: Date.now(),
})
const actor = new Actor({ rooms: server.rooms, crowd, approver })

process.on('message', (asked: ParentRequest) => {
  doing(asked).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})

async function doing(asked: ParentRequest): Promise<void> {
  if ('stop' in asked) {
    await server.stop()
    process.disconnect()
    return
  }
  const act = ACTS.find(({ name }) => name === asked.act)
  if (!act) throw new Error(`no act \`${asked.act}\``)
  const works = [...(await act.prepare(actor, asked.count))]
  // What preparing left behind is not part of it.
  await server.rooms.ledger.sequence()
  const did = works.length * (act.each ?? 1)
  const begun = now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let work = works.pop(); work; work = works.pop()) await work()
    }),
  )
  tell(since(begun, did))
}

interface Moment {
  readonly cpu: NodeJS.CpuUsage
  readonly database: number
  readonly at: number
}

function now(): Moment {
  return { database: database(), cpu: process.cpuUsage(), at: performance.now() }
}

function database(): number {
  return place.databasePid === undefined ? 0 : databaseMs(place.databasePid)
}

function since(begun: Moment, did: number): CostReport {
  const wallMs = performance.now() - begun.at
  const { system, user } = process.cpuUsage(begun.cpu)
  const cpuMs = (system + user) / 1000 + database() - begun.database
  return { did, cpuMs, wallMs, residentMiB: process.memoryUsage.rss() / 2 ** 20 }
}

function tell(told: CostReport): void {
  process.send?.(told)
}
