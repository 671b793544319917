// Run once after the harness's own seed: the MCP servers with their tools in the catalog, rules for them, refund-bot free to work
// there for Sam, and a rule that lets in clients of this computer that only show a bearer token. Ends before the server starts.
// `node bench/gateway/mcp/seed.ts SCRIPTED SDK`: where those two programs are.

import { applyImport, planMcpImport } from '../../../src/catalog/catalog-changes/index.ts'
import { findAgent, setCeiling } from '../../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { findPersonBySubject } from '../../../src/identity/people/index.ts'
import { systemClock } from '../../../src/platform/lib/clock.ts'
import { systemRandom } from '../../../src/platform/lib/random.ts'
import { latestSet, publishPolicies } from '../../../src/policy/policy/index.ts'
import { readSettings } from '../../../src/programs/config/settings.ts'
import { SAMPLE_AGENT } from '../../../src/programs/dev/sample.ts'
import { closeRooms, openRooms } from '../../../src/rooms.ts'
import { grantBasis } from '../../../src/tasks/consent/index.ts'
import { actionsOf, describeOffer, FROM_SDK, inLists, OFFERS, type Offer } from './offer.ts'

const [scripted = '', sdk = ''] = process.argv.slice(2)
const settings = readSettings(process.env)
const ports = {
  clock: systemClock,
  random: systemRandom,
  onError: (error: unknown) => console.error(error),
}
const rooms = await openRooms(settings, ports, { migrate: false, development: true })
try {
  const { read } = rooms.storage
  const sam = await findPersonBySubject(read, settings.providerIssuer ?? '', 'sam')
  const agent = await findAgent(read, SAMPLE_AGENT.id)
  const rules = await latestSet(read)
  if (!sam || !agent || !rules) throw new Error('the sample is not there')
  const by = agent.ownerId
  for (const offer of OFFERS) await enter(offer, by)
  const text = rules.text + OFFERS.map(rulesFor).join('')
  await publishPolicies(rooms.policy, { text, by, note: 'for the benchmark' })
  const all = OFFERS.flatMap(everythingOf)
  await setCeiling(rooms.agents, { agentId: agent.id, ceiling: [...agent.ceiling, ...all], by })
  const basis = { personId: sam.id, agentId: agent.id, kind: 'admin', grantedBy: by } as const
  await grantBasis(rooms.decisions, { ...basis, details: all })
  await addAdmissionRule(rooms.agents, {
    name: 'this-computer',
    redirectHosts: ['localhost'],
    trust: 2,
    ceiling: all,
    ownerId: by,
    by,
  })
} finally {
  await closeRooms(rooms)
}

async function enter(offer: Offer, by: string): Promise<void> {
  const { name } = offer
  const upstream = `${offer === FROM_SDK ? sdk : scripted}/${name}`
  const options = { name, identifier: `${rooms.gateway}/${name}`, upstream, trusted: true }
  const plan = planMcpImport(describeOffer(offer), options)
  // Reviewed: low, so that nobody is asked.
  const reviewed = { risk: 'low', riskProposed: false } as const
  const actions = plan.actions.map((action) => ({ ...action, ...reviewed }))
  await applyImport(rooms.connections, { ...plan, actions }, by)
}

function everythingOf(offer: Offer) {
  const at = { type: 'remit_call', locations: [`${rooms.gateway}/${offer.name}`] } as const
  return inLists(actionsOf(offer)).map((actions) => ({ ...at, actions, bounds: [] }))
}

function rulesFor({ name }: Offer): string {
  return `
@id("support-${name}")
permit (principal in Group::"support", action, resource == Resource::"${name}");

@id("agents-at-${name}")
permit (principal is Agent, action, resource == Resource::"${name}")
when { principal.trust >= 1 && context has person && context.person in Group::"support" };
`
}
