// Run once after the harness's own seed: the MCP server with its fifty tools in the catalog, rules for it, refund-bot free to work
// there for Sam, and a rule that lets in clients of this computer that only show a bearer token. Ends before the server starts.
import { addAdmissionRule, findAgent, setCeiling } from '../../../src/agents/index.ts'
import { applyImport, planMcpImport } from '../../../src/catalog/index.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { SAMPLE_AGENT } from '../../../src/dev/sample.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { systemRandom } from '../../../src/lib/random.ts'
import { findPersonBySubject } from '../../../src/people/index.ts'
import { latestSet, publishPolicies } from '../../../src/policy/index.ts'
import { closeRooms, openRooms } from '../../../src/rooms.ts'
import { grantBasis } from '../../../src/tasks/index.ts'
import { describeOffer, SERVER } from './offer.ts'

const RULES = `
@id("support-${SERVER.name}")
permit (principal in Group::"support", action, resource == Resource::"${SERVER.name}");

@id("agents-at-${SERVER.name}")
permit (principal is Agent, action, resource == Resource::"${SERVER.name}")
when { principal.trust >= 1 && context has person && context.person in Group::"support" };
`

const [upstream = ''] = process.argv.slice(2)
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
  const identifier = `${rooms.gateway}/${SERVER.name}`
  const plan = planMcpImport(describeOffer(), {
    name: SERVER.name,
    identifier,
    upstream,
    trusted: true,
  })
  const actions = plan.actions.map((action) => ({
    ...action,
    risk: 'low' as const,
    riskProposed: false,
  }))
  const by = agent.ownerId
  await applyImport(rooms.connections, { ...plan, actions }, by)
  await publishPolicies(rooms.policy, { text: rules.text + RULES, by, note: 'for the benchmark' })
  const all = {
    type: 'remit_call' as const,
    locations: [identifier],
    actions: actions.map(({ name }) => name),
    bounds: [],
  }
  await setCeiling(rooms.agents, { agentId: agent.id, ceiling: [...agent.ceiling, all], by })
  await grantBasis(rooms.decisions, {
    personId: sam.id,
    agentId: agent.id,
    kind: 'admin',
    grantedBy: by,
    details: [all],
  })
  await addAdmissionRule(rooms.agents, {
    name: 'this-computer',
    redirectHosts: ['localhost'],
    trust: 2,
    ceiling: [all],
    ownerId: by,
    by,
  })
} finally {
  await closeRooms(rooms)
}
