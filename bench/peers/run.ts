// `node bench/peers/run.ts`: Remit beside programs that people would take for the same jobs, in turns on one machine. What is not here is
// fetched and built; what cannot be had is reported so. `--only TEXT`: a group (`decisions`, `tokens`, `gateways`) or programs of this name.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnavailableSource } from '../../test/interop/counterpart.ts'
import { describeMachine, pinMyself } from '../harness/machine.ts'
import { type Options, readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { type ComparedProgram, Rounds } from '../harness/results.ts'
import { CONNECTIONS, measureMost, most, type Way } from '../harness/way.ts'
import { decisions } from './decisions/group.ts'
import { gateways } from './gateways/group.ts'
import type { Peer, PeerGroup, RunningPeer } from './peer.ts'
import { tokens } from './tokens/group.ts'

const WARM_UP = 2_000
const ALONE = 1

const options = readOptions({ seconds: 1, rounds: 6 }, ['only'])
const only = options.only?.toLowerCase() ?? ''
const isNamed = (name: string) => name.toLowerCase().includes(only)
const groups = [decisions, tokens, gateways]
  .map((group) =>
    isNamed(group.name)
      ? group
      : { ...group, peers: group.peers.filter(({ name }) => isNamed(name)) },
  )
  .filter(({ peers }) => peers.length > 0)
const pinned = pinMyself()
// A program that fails ends its group, and not those after it.
for (const group of groups)
  await runGroup(group, options).catch((error: unknown) => {
    console.error(`${group.name}: not measured`, error)
    process.exitCode = 1
  })

async function runGroup(group: PeerGroup, { rounds: times, seconds }: Options): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'remit-peers-'))
  const running: RunningPeer[] = []
  const compared: ComparedProgram[] = []
  try {
    for (const peer of group.peers) compared.push(await begin(peer, home, running))
    const machine = describeMachine(pinned)
    const ways = running.flatMap((peer) => peer.ways)
    const counts = new Map<Way, { many: number; alone: number }>()
    for (const { warmUp = WARM_UP, ways } of running)
      for (const way of ways) counts.set(way, await calibrate(way, warmUp, seconds))
    const rounds = new Rounds()
    for (let round = 0; round < times; round++)
      for (const way of ways) {
        const count = counts.get(way)
        await measureMost(way, count?.many ?? 0, rounds)
        await measureMost(way, count?.alone ?? 0, rounds, ALONE)
      }
    for (const { name, program } of ways)
      if (program) rounds.addMeasure(name, 'resident', 'MiB', program.residentMiB())
    const settings = {
      connections: `${CONNECTIONS} and 1`,
      'seconds of a burst': seconds,
      rounds: times,
    }
    publish(
      {
        ...{ benchmark: `peers-${group.name}`, says: group.says, machine, settings, compared },
        ...{ series: rounds.all(), findings: [] },
      },
      options,
    )
  } finally {
    for (const peer of running) await peer.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

/** Starts a peer, or tells why it cannot be had. Anything else that fails ends the run. */
async function begin(peer: Peer, place: string, running: RunningPeer[]): Promise<ComparedProgram> {
  const { name, settings, version, without } = peer
  const about = { name, version, settings, without }
  const home = mkdtempSync(join(place, 'peer-'))
  try {
    console.error(`starting ${name} ${version}`)
    running.push(await peer.start({ cores: pinned ? 'measured' : 'any', home }))
    return about
  } catch (error) {
    if (!(error instanceof UnavailableSource)) throw error
    console.error(`${name} cannot be had: ${error.message}`)
    return { ...about, missing: error.message.replaceAll(/\s+/g, ' ') }
  }
}

/** Warms a way up; answers how many requests make up a burst, with all connections and with one. */
async function calibrate(
  way: Way,
  warmUp: number,
  seconds: number,
): Promise<{ many: number; alone: number }> {
  console.error(`warming up ${way.name}`)
  const all = await most(way, await way.prepare(warmUp))
  const one = await most(way, await way.prepare(Math.round(warmUp / 10)), ALONE)
  const during = (load: typeof all) =>
    Math.max(50, Math.round((load.requests / load.seconds) * seconds))
  return { many: during(all), alone: during(one) }
}
