import type { PolicyQuery, PolicyRecord, Risk } from '@remit/engine'
import { canProve } from '../agent-authentication/index.ts'
import type { Agent } from '../agents/index.ts'
import { countedRisk, type Resource } from '../catalog/index.ts'
import { agentEntity, contextsOf, groupEntities, personEntity } from '../facts/index.ts'
import type { GrantParts } from '../grants/index.ts'
import type { Person } from '../people/index.ts'
import type { Authorization } from './authorization.ts'

/**
 * Whether the tokens of a client will be good without a key, as far as it has said: it announced none (`dpop_jkt`, RFC 9449 section
 * 10), and nothing asks it for one when it redeems its code (`redeem-code.ts`).
 */
export async function isBearer(
  { fapi2, storage }: Pick<GrantParts, 'fapi2' | 'storage'>,
  { announcesKey, proves }: Pick<Authorization, 'announcesKey' | 'proves'>,
  { agent, resource }: { readonly agent: Agent; readonly resource: Resource },
): Promise<boolean> {
  if (announcesKey || fapi2 === true || resource.protocol !== 'mcp') return false
  if (proves && !proves.methods.includes('none')) return false
  return !(await canProve(storage.read, agent.id))
}

/**
 * Those of the actions that policies forbid to this client whatever the arguments, and would not if its tokens were bound to a key.
 * Forbids that people can lift are none of these. Nobody is offered what can never be done (contract 12.10); every call is decided when
 * it is made.
 */
export async function neverWithoutKey(
  parts: Pick<GrantParts, 'policies' | 'catalog' | 'clock'>,
  who: { readonly person: Person; readonly agent: Agent; readonly resource: Resource },
  names: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { agent, person, resource } = who
  const policies = await parts.policies.active()
  const { actions } = await parts.catalog.current()
  const principals = [personEntity(person), agentEntity(agent)]
  const entities = [...principals, ...groupEntities([person])]
  const forbidding = (query: PolicyQuery): readonly string[] => {
    const { determining, errors, permitted } = policies.evaluate(query, 'arguments')
    return permitted || errors.length > 0 ? [] : determining
  }
  const at = parts.clock.now()
  const [without, bound] = [contextsFor(who, null, at), contextsFor(who, '', at)]
  const never = new Set<string>()
  for (const name of names) {
    const action = actions.get(name)
    if (!action) continue
    const risk = countedRisk(action)
    const isForbidden = principals.some(({ uid }) => {
      const query = { principal: uid, action: name, resource: resource.name, entities }
      const anyway = new Set(forbidding({ ...query, context: bound[risk] }))
      return forbidding({ ...query, context: without[risk] }).some((id) => !anyway.has(id))
    })
    if (isForbidden) never.add(name)
  }
  return never
}

/** Contexts that policies see for calls of this client for this person, by risk class. */
function contextsFor(
  { agent, person }: { readonly person: Person; readonly agent: Agent },
  keyThumbprint: string | null,
  at: number,
): Readonly<Record<Risk, PolicyRecord>> {
  const task = { id: '', purpose: '', personId: person.id, sponsored: false, actors: [] }
  const held = { task: { ...task, keyThumbprint } }
  const contexts = contextsOf({ at, origin: { ip: '' } }, held, { where: undefined })
  const { uid } = agentEntity(agent)
  const acting = {
    agent: { entity: uid },
    person: { entity: personEntity(person).uid },
    chain: { set: [{ entity: uid }] },
  }
  return {
    low: { ...contexts.low, ...acting },
    medium: { ...contexts.medium, ...acting },
    high: { ...contexts.high, ...acting },
    critical: { ...contexts.critical, ...acting },
  }
}
