import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findResource } from '../../catalog/catalog/index.ts'
import {
  applyImport,
  planImportInWorker,
  planMcpImport,
  setRisk,
} from '../../catalog/catalog-changes/index.ts'
import { findAgent, registerAgent } from '../../identity/agents/index.ts'
import { mapGroup, signInPerson } from '../../identity/identity-providers/index.ts'
import { createGroup, listGroups, type PeopleParts } from '../../identity/people/index.ts'
import { latestSet, publishPolicies, type SourceFile } from '../../policy/policy/index.ts'
import type { Rooms } from '../../rooms.ts'
import { describeDesk } from './desk/offer.ts'
import { DESK_REVIEW, SAMPLE_AGENT, SAMPLE_GROUPS, SAMPLE_PEOPLE } from './sample.ts'

/** Policies in the order in which `remit policy publish ./policies` puts them together. */
const POLICIES = ['default.cedar', 'refund-desk.cedar', 'refund-notes.cedar']
const PLACE = join(import.meta.dirname, '..', '..', '..', 'policies')

/**
 * Puts the sample world into a new development server: groups, people, the orders API, the desk (an MCP server), refund-bot with a
 * key of its own, and the refund desk's policies. Existing parts are left as they are, so that they can be changed and kept.
 */
export async function seedSample(
  rooms: Rooms,
  world: { providerIssuer: string; ordersUrl: string; deskUrl: string; agentKeyFile: string },
): Promise<void> {
  await seedGroups(rooms, world.providerIssuer)
  const owner = await seedPeople(rooms.people, world.providerIssuer)
  await seedOrders(rooms, world.ordersUrl, owner)
  await seedDesk(rooms, world.deskUrl, owner)
  await seedAgent(rooms, { ...world, owner })
  if (!(await latestSet(rooms.storage.read))) {
    await publishPolicies(rooms.policy, {
      ...(await samplePolicies()),
      by: owner,
      note: 'the sample of remit dev',
    })
  }
}

async function samplePolicies() {
  let text = ''
  const files: SourceFile[] = []
  for (const name of POLICIES) {
    files.push({ file: `policies/${name}`, line: text.split('\n').length })
    text += await readFile(join(PLACE, name), 'utf8')
  }
  return { text, files }
}

async function seedGroups(rooms: Rooms, issuer: string): Promise<void> {
  const known = new Set((await listGroups(rooms.people)).map(({ name }) => name))
  for (const { description, name } of SAMPLE_GROUPS) {
    if (!known.has(name)) await createGroup(rooms.people, { name, description, by: 'remit dev' })
    await mapGroup(rooms.people, { issuer, value: name, group: name, by: 'remit dev' })
  }
}

/**
 * Makes everyone known before they sign in for the first time, so that they can own and approve.
 * Answers Ada's id. ID tokens count whole seconds, so this does too: what the provider says within
 * the second is newer.
 */
export async function seedPeople(parts: PeopleParts, issuer: string): Promise<string> {
  const issuedAt = Math.floor(parts.clock.now() / 1000) * 1000
  let owner = ''
  for (const { email, groups, id, name } of SAMPLE_PEOPLE) {
    const person = await signInPerson(parts, {
      issuer,
      subject: id,
      name,
      email,
      groupValues: [...groups],
      issuedAt,
    })
    if (id === SAMPLE_AGENT.owner) owner = person.id
  }
  return owner
}

async function seedOrders(rooms: Rooms, upstream: string, by: string): Promise<void> {
  if (await findResource(rooms.storage.read, 'orders')) return
  const document = await readFile(join(import.meta.dirname, 'orders', 'openapi.yaml'), 'utf8')
  const identifier = `${rooms.gateway}/orders`
  const options = { name: 'orders', identifier, upstream, trusted: true }
  const plan = await planImportInWorker(document, options)
  await applyImport(rooms.connections, plan, by)
  for (const { name, risk } of plan.actions)
    await setRisk(rooms.connections, { action: name, risk, by })
}

/** From what the desk is known to say about itself, so that it need not be there yet. */
async function seedDesk(rooms: Rooms, upstream: string, by: string): Promise<void> {
  if (await findResource(rooms.storage.read, 'desk')) return
  const identifier = `${rooms.gateway}/desk`
  const plan = planMcpImport(describeDesk(), { name: 'desk', identifier, upstream, trusted: true })
  const actions = plan.actions.map((action) => ({
    ...action,
    ...DESK_REVIEW[action.name],
    riskProposed: false,
  }))
  await applyImport(rooms.connections, { ...plan, actions }, by)
}

async function seedAgent(
  rooms: Rooms,
  world: { providerIssuer: string; agentKeyFile: string; owner: string },
): Promise<void> {
  const { actions, description, deskActions, id } = SAMPLE_AGENT
  if (await findAgent(rooms.storage.read, id)) return
  const { exportJWK, generateKeyPair } = await import('jose') // at the first start alone
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  await writeFile(world.agentKeyFile, `${JSON.stringify(await exportJWK(privateKey), null, 2)}\n`, {
    mode: 0o600,
  })
  const detail = (resource: string, names: readonly string[]) => ({
    type: 'remit_call' as const,
    locations: [`${rooms.gateway}/${resource}`],
    actions: [...names],
    bounds: [],
  })
  await registerAgent(rooms.agents, {
    name: id,
    description,
    ownerId: world.owner,
    trust: 3,
    ceiling: [detail('orders', actions), detail('desk', deskActions)],
    keys: [await exportJWK(publicKey)],
    clients: [{ issuer: world.providerIssuer, clientId: id }],
    by: world.owner,
  })
}
