// Run once after the sample world: a policy-only set and an enforcement point that is answered by it, and one that names tasks.
// Prints their secrets to the file it is given.
import { readFileSync, writeFileSync } from 'node:fs'
import { publishOnlySet } from '../../src/extensions/authzen/policy-only/index.ts'
import { addClient, type PepSettings } from '../../src/identity/machine-clients/index.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { closeRooms, openRooms } from '../../src/rooms.ts'

const [file = ''] = process.argv.slice(2)
const read = (name: string) =>
  readFileSync(new URL(`../../test/conformance/authzen/records/${name}`, import.meta.url), 'utf8')
const rooms = await openRooms(
  readSettings(process.env),
  { clock: systemClock, random: systemRandom, onError: (error: unknown) => console.error(error) },
  { migrate: true, development: true },
)
const by = 'bench'

async function secretOf(id: string, settings: Partial<PepSettings>): Promise<string> {
  const { secret } = await addClient(rooms.clients, { id, kind: 'pep', by, settings })
  return secret?.reveal() ?? ''
}

try {
  await publishOnlySet(rooms.policy, {
    policies: read('records.cedar'),
    schema: read('records.cedarschema'),
    entities: read('entities.json'),
    ...{ name: 'records', note: 'bench', by },
  })
  const records = { mode: 'policy-only', policySet: 'records', properties: true } as const
  const secrets = {
    records: await secretOf('records', records),
    mesh: await secretOf('mesh', { namesTasks: true }),
  }
  writeFileSync(file, JSON.stringify(secrets))
} finally {
  await closeRooms(rooms)
}
