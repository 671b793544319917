import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openLog } from '../../platform/http/index.ts'
import { systemClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { migrationPlan } from '../../platform/storage/index.ts'
import type { Server } from '../../server.ts'
import { readSettings, type Settings, storageOptions } from '../config/settings.ts'
import { serveMany } from '../processes/serve-many.ts'
import { type ServingProcess, servingProcess } from '../processes/serving-process.ts'
import { lowerV8Threads } from '../processes/v8-threads.ts'
import { untilEnded, untilSignal } from './until-ended.ts'

/** `remit serve`: runs until it is told to stop. Talk goes to stderr, the log to stdout. */
export async function serve({ migrate = false }: { migrate?: boolean }): Promise<void> {
  const among = servingProcess()
  if (among) return serveAmong(among)
  // From here on, so that a signal during the start is not lost either.
  const signalled = untilSignal()
  const settings = readSettings(process.env)
  const storage = storageOptions(settings)
  const { recorded, needed } = await migrationPlan(storage)
  if (recorded === 0) process.stderr.write('The database is empty: Remit sets it up.\n')
  else if (migrate && recorded < needed)
    process.stderr.write(`The schema is brought from version ${recorded} to ${needed}.\n`)
  else if (recorded > needed)
    process.stderr.write(
      `The schema is at version ${recorded}, and this build of version ${needed} works with it.\n`,
    )
  const migrates = migrate || recorded === 0
  if (settings.processes === 1) {
    const server = await startServer(settings, { migrate: migrates })
    process.stderr.write(`${served(settings)}\n`)
    await sayFirstSteps(server, settings.issuer)
    return untilEnded(server, signalled)
  }
  const code = await serveMany({
    ...{ settings, signalled, clock: systemClock, log: openLog({ level: settings.logLevel }) },
    storage: { ...storage, clock: systemClock, migrate: migrates },
    onReady: () =>
      process.stderr.write(`${served(settings)}, by ${settings.processes} processes\n`),
  })
  process.exit(code)
}

/** Serves as one of several processes. */
async function serveAmong(among: ServingProcess): Promise<void> {
  try {
    const settings = readSettings(process.env)
    const server = await startServer(settings, { migrate: false, among })
    if (among.isFirst) await sayFirstSteps(server, settings.issuer)
    among.ready(server.metrics)
    await untilEnded(server, among.told)
  } catch (error) {
    among.fail()
    throw error
  }
}

function served({ gateway, issuer }: Settings): string {
  return `Remit serves ${issuer}, gateway ${gateway}`
}

async function startServer(
  settings: Settings,
  options: { readonly migrate: boolean; readonly among?: ServingProcess },
): Promise<Server> {
  // Not loaded by a process that only starts others.
  const { createServer } = await import('../../server.ts')
  const { among } = options
  const log = openLog({ level: settings.logLevel, process: among?.number })
  const server = await createServer({
    ...{ ...options, settings, log, clock: systemClock, random: systemRandom },
    development: false,
  })
  try {
    await server.listen()
  } catch (error) {
    await server.stop()
    throw error
  }
  releaseStartMemory()
  lowerV8Threads()
  return server
}

async function sayFirstSteps({ rooms }: Server, issuer: string): Promise<void> {
  const { firstSteps } = await import('./server/first-steps.ts')
  await firstSteps(rooms.people, issuer).catch(() =>
    process.stderr.write('The first steps could not be looked up.\n'),
  )
}

/**
 * Gives the memory back that loading the program took: about a quarter of all. V8 would keep it for as long as there is
 * room. It has no other way in than its flag, which is switched on for this alone.
 */
function releaseStartMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  collect({ type: 'major', flavor: 'last-resort', execution: 'sync' })
}
