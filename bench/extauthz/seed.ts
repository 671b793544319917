// Run once after the sample world: the orders API once more, behind a gateway of others. Arguments: its public address, and the file
// that the secret of the gateway is written to.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyImport, planImportInWorker } from '../../src/catalog/catalog-changes/index.ts'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { addClient } from '../../src/identity/machine-clients/index.ts'
import { findPersonBySubject } from '../../src/identity/people/index.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { SAMPLE_AGENT } from '../../src/programs/dev/sample.ts'
import { closeRooms, openRooms } from '../../src/rooms.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { ordersDetail } from './public-orders.ts'

const [identifier = '', file = ''] = process.argv.slice(2)
const settings = readSettings(process.env)
const rooms = await openRooms(
  settings,
  { clock: systemClock, random: systemRandom, onError: (error: unknown) => console.error(error) },
  { migrate: true, development: true },
)
const by = 'bench'
const RULES = `
@id("people-public") permit (principal in Group::"support", action, resource == Resource::"public");
@id("agents-public") permit (principal is Agent, action, resource == Resource::"public");`

try {
  const yaml = join(
    import.meta.dirname,
    '..',
    '..',
    'src',
    'programs',
    'dev',
    'orders',
    'openapi.yaml',
  )
  const place = { identifier, upstream: identifier, mode: 'direct', trusted: true } as const
  const plan = await planImportInWorker(readFileSync(yaml, 'utf8'), { name: 'public', ...place })
  const actions = plan.actions.map((action) => ({ ...action, riskProposed: false }))
  await applyImport(rooms.connections, { ...plan, actions }, by)
  const { text } = await rooms.policies.version((await rooms.policies.active()).version)
  await publishPolicies(rooms.policy, { text: text + RULES, by, note: 'bench' })
  const details = [ordersDetail(identifier)]
  const agent = await findAgent(rooms.storage.read, SAMPLE_AGENT.id)
  const ceiling = [...(agent?.ceiling ?? []), ...details]
  await setCeiling(rooms.agents, { agentId: SAMPLE_AGENT.id, ceiling, by })
  const sam = await findPersonBySubject(rooms.storage.read, settings.providerIssuer ?? '', 'sam')
  if (!sam) throw new Error('the sample has no Sam')
  const basis = {
    personId: sam.id,
    agentId: SAMPLE_AGENT.id,
    kind: 'admin',
    grantedBy: by,
  } as const
  await grantBasis(rooms.decisions, { ...basis, details })
  const asks = { id: 'public-gateway', kind: 'enforcer', settings: { resource: 'public' } } as const
  const { secret } = await addClient(rooms.clients, { ...asks, by })
  writeFileSync(file, secret?.reveal() ?? '')
} finally {
  await closeRooms(rooms)
}
