import { asDelegates, type Detail } from '@remit/engine'
import type { Resource } from '../../src/catalog/catalog/resource.ts'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { applyImport, setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { fromWire } from '../../src/catalog/catalog-changes/mcp/testing.ts'
import type { ImportPlan } from '../../src/catalog/catalog-changes/plan-resource.ts'
import { planAgentImport } from '../../src/extensions/a2a/plan-agent-import.ts'
import { publishOnlySet } from '../../src/extensions/authzen/policy-only/index.ts'
import { findAgent, registerAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import type { MachineClient, PepSettings } from '../../src/identity/machine-clients/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { createSpace, stateThread } from '../../src/identity/spaces/index.ts'
import { domainHash } from '../../src/platform/lib/canonical-json.ts'
import { answer, serveScript } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { SAMPLE_AGENT } from '../../src/programs/dev/sample.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { grantSponsorship } from '../../src/tasks/sponsorship/index.ts'
import { cardAt, TASK } from '../a2a/scripted.ts'
import { TestAgent } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { RECORDS } from '../conformance/authzen/records.ts'
import { ECHO_ACTIONS } from '../echo.ts'
import { newKey } from '../signing.ts'
import type { World } from '../world.ts'
import { Partner } from './partner.ts'
import { Platform } from './platform.ts'

/** The address of an API that agents would call directly. Nobody is there: only Remit is asked. */
export const DIRECT = 'http://127.0.0.1:9'

/** Organization in whose rooms Sam works with refund-bot, and everyone who is there counts. */
export const HOUSE = 'acme'

/**
 * Rules by which everybody may do everything, and people are asked before anything is removed: what
 * is refused then is refused for what a test did.
 */
const RULES = `
@id("people") permit (principal is Person, action, resource);
@id("agents") permit (principal is Agent, action, resource);
@id("stolen") forbid (principal is Agent, action, resource) when { context.risk.external.contains("stolen-key") };
@id("removing-asks") @requestable("Removing needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"echo.delete", resource);
`
const NOTHING = '@id("nothing") forbid (principal, action, resource);'

const TOOLS = ['desk.search-notes', 'desk.read-note']

interface Staff {
  readonly helper: TestAgent
  readonly alone: TestAgent
  readonly secret: string
  readonly service: string
  readonly platform: Platform
  readonly partner: Partner
}

/**
 * World with everything that a way needs: three agents beside those that register themselves, one
 * API that asks, one sponsor grant.
 */
export class Ways {
  readonly world: World
  /** Agent that refund-bot may call in. */
  readonly helper: TestAgent
  /** Works while nobody is there, for Fiona. */
  readonly alone: TestAgent
  /** Enforcement points of others that were made ready. */
  readonly peps: string[] = []
  /** Surfaces that were made ready, each with the thread that it states. */
  readonly rooms: { readonly surface: MachineClient<'surface'>; readonly thread: string }[] = []
  readonly platform: Platform
  readonly partner: Partner
  /** Secret of the echo API, which is inside the trust domain. */
  readonly service: string
  #made = 0
  readonly #secret: string
  #sponsorGrant = ''
  #space = ''
  #reviewed: readonly ImportPlan[] = []
  #limit = ''

  private constructor(world: World, made: Staff) {
    this.world = world
    this.platform = made.platform
    this.partner = made.partner
    this.helper = made.helper
    this.alone = made.alone
    this.#secret = made.secret
    this.service = made.service
  }

  static async make(world: World): Promise<Ways> {
    const { rooms } = world
    const [ada, fiona] = [await world.person('ada'), await world.person('fiona')]
    const secret = await addDirectApi(world, ada.id)
    await addAgentToCall(world, ada.id)
    await world.trustEcho()
    const inside = { resource: 'echo' }
    const { secret: service } = await clientWith(rooms.clients, 'echo-api', 'enforcer', inside)
    await setCeiling(rooms.agents, {
      agentId: 'refund-bot',
      ceiling: everything(world),
      by: ada.id,
    })
    const helper = await addAgent(world, 'helper-bot', ada.id)
    const alone = await addAgent(world, 'night-bot', fiona.id)
    await addAdmissionRule(rooms.agents, {
      name: 'this-computer',
      redirectHosts: ['localhost'],
      trust: 3,
      ceiling: [calls(`${world.gateway}/desk`, TOOLS), ...trips(world.gateway)],
      ownerId: ada.id,
      by: ada.id,
    })
    const ways = new Ways(world, {
      helper,
      alone,
      secret,
      service,
      platform: await Platform.trusted(world, fiona.id),
      partner: await Partner.trusted(world, ada.id),
    })
    await ways.permitAll()
    await ways.consent()
    await ways.sponsor()
    await ways.recordsPermit()
    const sam = await world.person('sam')
    await createSpace(rooms.spaces, {
      ...{ name: HOUSE, kind: 'organization', by: ada.id },
      rules: { mode: 'intersection', people: [`person:${sam.id}`], agents: [SAMPLE_AGENT.id] },
    })
    await ways.newSpace()
    return ways
  }

  async pep(settings: Partial<PepSettings>): Promise<Pep> {
    const name = `pep-${this.#made++}`
    this.peps.push(name)
    return Pep.add(this.world, name, settings)
  }

  async recordsPermit(): Promise<void> {
    await publishOnlySet(this.world.rooms.policy, {
      ...RECORDS,
      ...{ name: 'records', note: '', by: 'operator' },
    })
  }

  async recordsPermitNothing(): Promise<void> {
    await publishOnlySet(this.world.rooms.policy, {
      ...RECORDS,
      ...{ policies: '@id("nothing") forbid (principal, action, resource);' },
      ...{ name: 'records', note: '', by: 'operator' },
    })
  }

  /** A thread of a surface of its own, in which Sam asks refund-bot. */
  async thread(): Promise<string> {
    const thread = `t${this.#made++}`
    const { clients } = this.world.rooms
    const settings = { space: this.#space }
    const { client: surface } = await clientWith(clients, `chat-${thread}`, 'surface', settings)
    this.rooms.push({ surface, thread })
    await this.state(surface, thread, { version: 1, requester: 'sam' })
    return thread
  }

  async state(
    surface: MachineClient<'surface'>,
    thread: string,
    { requester, version }: { readonly version: number; readonly requester: 'sam' | 'fiona' },
  ): Promise<void> {
    const { id } = await this.world.person(requester)
    await stateThread(this.world.rooms.spaces, surface, {
      ...{ space: this.#space, thread },
      statement: {
        ...{ version, requester: { id }, participants: [], others: 0 },
        agents: [SAMPLE_AGENT.id],
      },
    })
  }

  /** A space has its name for ever, and one that was removed does not come back. */
  async newSpace(): Promise<void> {
    this.#space = `room-${this.#made++}`
    const wish = { name: this.#space, kind: 'workspace', parent: HOUSE, rules: {} } as const
    await createSpace(this.world.rooms.spaces, { ...wish, by: 'operator' })
  }

  get space(): string {
    return this.#space
  }

  /** Every action says another thing about itself than what was reviewed. */
  async changeDefinitions(resources: readonly string[]): Promise<void> {
    const { connections, decisions } = this.world.rooms
    const catalog = await decisions.catalog.current()
    this.#reviewed = resources.flatMap((name) => {
      const resource = catalog.resources.get(name)
      return resource
        ? [{ resource: asPlanned(resource), actions: catalog.actionsOf(name), notes: [] }]
        : []
    })
    for (const plan of this.#reviewed) {
      const actions = plan.actions.map((action) => ({
        ...action,
        digest: domainHash('remit/changed/v1', action.digest),
      }))
      await applyImport(connections, { ...plan, actions }, 'operator')
    }
  }

  /** Restores what was reviewed. */
  async restoreDefinitions(): Promise<void> {
    for (const plan of this.#reviewed)
      await applyImport(this.world.rooms.connections, plan, 'operator')
  }

  /** Sets a limit of one call for everybody together, and makes that call. */
  async useUpLimits(): Promise<void> {
    const { agent } = this.world
    const task = await this.world.open({ details: this.everything })
    const token = await agent.token(task, `${this.world.gateway}/echo`)
    const limit = { limit: 'calls', max: 1, seconds: 3_600 }
    const body = { subject: { kind: 'organization' }, limit }
    const set = await (await this.world.api('ada')).send('PUT', '/limits', body)
    if (set.status !== 200) throw new Error(set.text)
    this.#limit = String(set.body.id)
    const call = await agent.call(task, 'GET', '/echo/things', { token })
    if (call.status !== 200) throw new Error(call.text)
  }

  async liftLimits(): Promise<void> {
    await (await this.world.api('ada')).send('DELETE', `/limits/${this.#limit}`)
  }

  get secret(): string {
    return this.#secret
  }

  get sponsorGrant(): string {
    return this.#sponsorGrant
  }

  get everything(): readonly Detail[] {
    return everything(this.world)
  }

  async permitAll(): Promise<void> {
    await this.#publish(RULES)
  }

  async permitNothing(): Promise<void> {
    await this.#publish(NOTHING)
  }

  async #publish(text: string): Promise<void> {
    const { id: by } = await this.world.person('ada')
    await publishPolicies(this.world.rooms.policy, { text, by, note: 'for tests' })
  }

  /** Sam agrees to everything that refund-bot may do, and to its handing it on. */
  async consent(): Promise<void> {
    const { id } = await this.world.person('sam')
    await grantBasis(this.world.rooms.decisions, {
      personId: id,
      agentId: SAMPLE_AGENT.id,
      kind: 'consent',
      details: [...this.everything, ...asDelegates(this.everything)],
      grantedBy: id,
    })
  }

  async sponsor(): Promise<void> {
    const { rooms } = this.world
    const agent = await findAgent(rooms.storage.read, this.alone.id)
    if (!agent) throw new Error('no such agent')
    const { kindOf } = await rooms.decisions.catalog.current()
    const granted = await grantSponsorship(
      rooms.decisions,
      {
        agent,
        sponsor: await this.world.person('fiona'),
        purpose: 'count at night',
        details: [calls(`${this.world.gateway}/echo`, ['echo.list'])],
        rate: { tasks: 1000, seconds: 60 },
        expiresAt: this.world.clock.now() + 24 * 3_600_000,
      },
      kindOf,
    )
    this.#sponsorGrant = granted.id
  }
}

/** Resource as an import would plan it: nothing but what a document and an administrator say. */
function asPlanned(resource: Resource): ImportPlan['resource'] {
  const { identifier, mode, name, title, trusted, upstream } = resource
  const { connection, documentDigest, protocol, server } = resource
  return {
    ...{ identifier, mode, name, title, trusted, upstream },
    ...{ connection, documentDigest, protocol, server },
  }
}

export function calls(location: string, actions: readonly string[]): Detail {
  return { type: 'remit_call', locations: [location], actions, bounds: [] }
}

function everything({ gateway }: World): readonly Detail[] {
  return [
    calls(`${gateway}/echo`, ECHO_ACTIONS),
    calls(`${gateway}/desk`, TOOLS),
    calls(DIRECT, ['direct.list']),
    ...trips(gateway),
  ]
}

async function addAgent(world: World, name: string, ownerId: string): Promise<TestAgent> {
  const key = await newKey()
  await registerAgent(world.rooms.agents, {
    name,
    description: '',
    ownerId,
    trust: 3,
    ceiling: everything(world),
    keys: [key.publicJwk],
    by: ownerId,
  })
  return new TestAgent(world, name, key)
}

/** Actions at an agent that others call. */
function trips(gateway: string): readonly Detail[] {
  return [calls(`${gateway}/trips`, ['trips.send-message', 'trips.get-task'])]
}

/** An agent that others call, and that answers everything with a task. */
async function addAgentToCall(world: World, by: string): Promise<void> {
  const { connections } = world.rooms
  const server = await serveScript(({ message, verb }, reply) => {
    if (verb === 'POST') return answer(reply, message.id, { task: TASK })
    reply.setHeader('content-type', 'application/json')
    return Boolean(reply.end(JSON.stringify(cardAt(server.url))))
  })
  world.onStop(() => server.close())
  const where = { name: 'trips', identifier: `${world.gateway}/trips`, upstream: server.url }
  const plan = planAgentImport(fromWire(cardAt(server.url)), where)
  await applyImport(connections, plan, by)
  for (const { name } of plan.actions) await setRisk(connections, { action: name, risk: 'low', by })
}

async function addDirectApi({ rooms }: World, by: string): Promise<string> {
  const responses = { 200: { description: 'a list' } }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Direct', version: '1' },
    paths: { '/things': { get: { operationId: 'list', responses } } },
  }
  const where = { name: 'direct', identifier: DIRECT, upstream: DIRECT, mode: 'direct' } as const
  const plan = planImport(document, where)
  await applyImport(rooms.connections, plan, by)
  for (const { name, risk } of plan.actions)
    await setRisk(rooms.connections, { action: name, risk, by })
  const asking = { resource: 'direct' }
  return (await clientWith(rooms.clients, 'direct-api', 'enforcer', asking)).secret
}
