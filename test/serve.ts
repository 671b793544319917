// A server in a process of its own, or in several, for tests that kill or stop it. Settings come from the environment, as for
// `remit serve`.

import { openLog } from '../src/platform/http/index.ts'
import { systemClock } from '../src/platform/lib/clock.ts'
import { systemRandom } from '../src/platform/lib/random.ts'
import { TEST_CONNECTIONS } from '../src/platform/storage/postgres/testing.ts'
import { untilEnded, untilSignal } from '../src/programs/cli/until-ended.ts'
import { readSettings, storageOptions } from '../src/programs/config/settings.ts'
import { serveMany } from '../src/programs/processes/serve-many.ts'
import { servingProcess } from '../src/programs/processes/serving-process.ts'
import { createServer } from '../src/server.ts'
import { nextBuild } from './next-build.ts'
import { shiftedClock } from './shifted-clock.ts'

const among = servingProcess()
const signalled = among?.told ?? untilSignal()
const settings = readSettings(process.env)
/** Milliseconds by which the world that it belongs to has moved its time. */
const ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0)
const clock = shiftedClock()
clock.advance(ahead)
const log = openLog({ level: 'silent' })
if (settings.processes > 1 && !among) {
  const code = await serveMany({
    ...{ settings, clock: systemClock, log, signalled },
    storage: { ...storageOptions(settings), connections: TEST_CONNECTIONS, migrate: true },
    onReady: () => void process.stdout.write('ready\n'),
  })
  process.exit(code)
}
const server = await createServer({
  settings,
  ...(ahead === 0 ? { clock: systemClock } : { clock, databaseClock: clock }),
  connections: TEST_CONNECTIONS,
  random: systemRandom,
  log,
  among,
  migrate: !among,
  ...(process.env.NEXT_BUILD ? { build: nextBuild() } : {}),
  development: process.env.PRODUCTION === undefined,
  ...(process.env.RETENTION_EVERY_MS
    ? { retentionEveryMs: Number(process.env.RETENTION_EVERY_MS) }
    : {}),
})
await server.listen()
process.stdout.write(among ? `serving ${process.pid}\n` : 'ready\n')
among?.ready(server.metrics)
await untilEnded(server, signalled)
