// A server in a process of its own, for tests that kill it. Settings come from the environment, as for `remit serve`.
import { readSettings } from '../src/config/settings.ts'
import { openLog } from '../src/http/index.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createServer } from '../src/server.ts'
import { TEST_CONNECTIONS } from '../src/storage/postgres/testing.ts'
import { shiftedClock } from './shifted-clock.ts'

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
  development: true,
})
await server.listen()
process.stdout.write('ready\n')
