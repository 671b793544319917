// A server in a process of its own, for tests that kill or stop it. Settings come from the environment, as for `remit serve`.

import { untilEnded, untilSignal } from '../src/cli/until-ended.ts'
import { readSettings } from '../src/config/settings.ts'
import { openLog } from '../src/http/index.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createServer } from '../src/server.ts'
import { TEST_CONNECTIONS } from '../src/storage/postgres/testing.ts'
import { nextBuild } from './next-build.ts'
import { shiftedClock } from './shifted-clock.ts'

const signalled = untilSignal()
const settings = readSettings(process.env)
/** Milliseconds by which the world that it belongs to has moved its time. */
const ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0)
const clock = shiftedClock()
clock.advance(ahead)
const server = await createServer({
  settings,
  ...(ahead === 0 ? { clock: systemClock } : { clock, databaseClock: clock }),
  connections: TEST_CONNECTIONS,
  random: systemRandom,
  log: openLog({ level: 'silent' }),
  migrate: true,
  ...(process.env.NEXT_BUILD ? { migrations: nextBuild() } : {}),
  development: true,
})
await server.listen()
process.stdout.write('ready\n')
await untilEnded(server, signalled)
