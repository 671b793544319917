// A server in a process of its own, for tests that kill it. Settings come from the environment, as for `remit serve`.
import { readSettings } from '../src/config/settings.ts'
import { openLog } from '../src/http/index.ts'
import { systemClock } from '../src/lib/clock.ts'
import { systemRandom } from '../src/lib/random.ts'
import { createServer } from '../src/server.ts'

const settings = readSettings(process.env)
const server = await createServer({
  settings,
  clock: systemClock,
  random: systemRandom,
  log: openLog({ level: 'silent' }),
  migrate: true,
  development: true,
})
await server.listen()
process.stdout.write('ready\n')
