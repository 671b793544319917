import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readSettings } from '../config/settings.ts'
import { openLog } from '../http/index.ts'
import { listProviders } from '../identity-providers/index.ts'
import { systemClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { storageOptions } from '../rooms.ts'
import { createServer, type Server } from '../server.ts'
import { createSetupLink, hasAdministrator } from '../sessions/index.ts'
import { migrationPlan } from '../storage/index.ts'
import { untilEnded, untilSignal } from './until-ended.ts'

/** `remit serve`: runs until it is told to stop. Talk goes to stderr, the log to stdout. */
export async function serve({ migrate = false }: { migrate?: boolean }): Promise<void> {
  // From here on, so that a signal during the start is not lost either.
  const signalled = untilSignal()
  const settings = readSettings(process.env)
  const { recorded, needed } = await migrationPlan(storageOptions(settings))
  if (recorded === 0) process.stderr.write('The database is empty: Remit sets it up.\n')
  else if (migrate && recorded < needed)
    process.stderr.write(`The schema is brought from version ${recorded} to ${needed}.\n`)
  else if (recorded > needed)
    process.stderr.write(
      `The schema is at version ${recorded}, and this build of version ${needed} works with it.\n`,
    )
  const log = openLog({ level: settings.logLevel })
  const server = await createServer({
    settings,
    clock: systemClock,
    random: systemRandom,
    log,
    migrate: migrate || recorded === 0,
    development: false,
  })
  try {
    await server.listen()
  } catch (error) {
    await server.stop()
    throw error
  }
  releaseStartMemory()
  process.stderr.write(`Remit serves ${settings.issuer}, gateway ${settings.gateway}\n`)
  await sayFirstSteps(server, settings.issuer).catch((err) =>
    log.error({ err }, 'the first steps could not be looked up'),
  )
  await untilEnded(server, signalled)
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

/** To the terminal and nowhere else: the link makes an administrator, so it is never logged. */
async function sayFirstSteps(server: Server, issuer: string): Promise<void> {
  const { people } = server.rooms
  if (await hasAdministrator(people)) return
  if ((await listProviders(people)).length === 0) {
    process.stderr.write(
      'Nobody can sign in yet: set REMIT_IDP_ISSUER and REMIT_IDP_CLIENT_ID, then start again.\n',
    )
    return
  }
  const { expiresAt, token } = await createSetupLink(people)
  const until = new Date(expiresAt).toISOString().slice(11, 16)
  process.stderr.write(
    `\nThere is no administrator yet. Whoever signs in through this link becomes the first (once, until ${until} UTC):\n\n  ${issuer}/setup/${token.reveal()}\n\n`,
  )
}
