// Run once after the sample world: the policy of the peers as a policy-only set, with its people; an enforcement point that is answered by
// it, and one that names tasks. Prints their secrets to the file it is given.
import { writeFileSync } from 'node:fs'
import { publishOnlySet } from '../../../src/extensions/authzen/policy-only/index.ts'
import { addClient, type PepSettings } from '../../../src/identity/machine-clients/index.ts'
import { systemClock } from '../../../src/platform/lib/clock.ts'
import { systemRandom } from '../../../src/platform/lib/random.ts'
import { readSettings } from '../../../src/programs/config/settings.ts'
import { closeRooms, openRooms } from '../../../src/rooms.ts'
import { AGENT, isSupport, LIMIT, personAt, QUESTIONS } from '../question.ts'

const POLICY = `@id("refunds")
permit (principal in group::"support", action == Action::"refund", resource is order)
when { ["${AGENT}"].contains(context.agent) && context.amount <= ${LIMIT} };
`
const SCHEMA = `entity group;
entity user in [group];
entity order;
action refund appliesTo { principal: [user], resource: [order], context: { agent: String, amount: Long } };
`

const [file = ''] = process.argv.slice(2)
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
  const people = Array.from({ length: QUESTIONS }, (_, i) => ({
    uid: { type: 'user', id: personAt(i) },
    parents: [{ type: 'group', id: isSupport(i) ? 'support' : 'sales' }],
  }))
  const groups = ['support', 'sales'].map((id) => ({ uid: { type: 'group', id } }))
  await publishOnlySet(rooms.policy, {
    ...{ policies: POLICY, schema: SCHEMA, entities: JSON.stringify([...groups, ...people]) },
    ...{ name: 'peers', note: 'bench', by },
  })
  const secrets = {
    refunds: await secretOf('refunds', { mode: 'policy-only', policySet: 'peers' }),
    mesh: await secretOf('mesh', { namesTasks: true }),
  }
  writeFileSync(file, JSON.stringify(secrets))
} finally {
  await closeRooms(rooms)
}
