import type { PolicyQuery, PolicyRecord, Risk } from '@remit/engine'
import { countedRisk, type Resource } from '../../catalog/catalog/index.ts'
import { canProve } from '../../identity/agent-authentication/index.ts'
import type { Agent } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { takesBearer } from '../../identity/possession/index.ts'
import { agentIdOf } from '../../platform/lib/client-url.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { consumeOnce, wasUsed } from '../../platform/storage/index.ts'
import { agentEntity, contextsOf, groupEntities, personEntity } from '../../tasks/facts/index.ts'
import type { GrantParts } from '../grants/index.ts'
import { AUTHORIZATION_KEPT, type Authorization } from './authorization.ts'
import { agentBefore, provedKeyBefore } from './authorization-store.ts'

type KeyQuestion = Pick<Authorization, 'announcesKey' | 'clientId' | 'proves' | 'resource'>

/**
 * Tells whether a client has yet to show that it has a key: it announces none, never proved one, and the resource takes nothing
 * else. It may be a client like every other: no client has to announce a key before the token endpoint (RFC 9449 section 5).
 */
export async function hasYetToProve(
  { catalog, storage: { read } }: Pick<GrantParts, 'catalog' | 'storage'>,
  { announcesKey, clientId, proves, resource: identifier }: KeyQuestion,
): Promise<boolean> {
  const resource = (await catalog.current()).byIdentifier.get(identifier)
  if (announcesKey || !resource || takesBearer(resource)) return false
  // A client that authenticates has a key of its own.
  if (proves && !proves.methods.includes('none')) return false
  if (await provedKeyBefore(read, clientId)) return false
  return !(await canProve(read, (await agentBefore(read, clientId)) ?? agentIdOf(clientId)))
}

/** Kind of the marks of clients that redeemed a code without a proof where one is needed. */
const CAME_WITHOUT_KEY = 'came_without_key'

/**
 * Remembers that a client came without a proof. Its person is not asked again in vain, as long as the client announces no key.
 * INVARIANT: only of a client whose code and verifier were right. Others could mark a client that is not theirs.
 */
export async function rememberWithoutKey(
  { clock, storage }: Pick<GrantParts, 'clock' | 'storage'>,
  { clientId }: Pick<Authorization, 'clientId'>,
): Promise<void> {
  const until = clock.now() + AUTHORIZATION_KEPT
  await storage.transaction((tx) => consumeOnce(tx, CAME_WITHOUT_KEY, clientId, until))
}

/**
 * Tells a client that came without a key before a person is asked again that its tokens would be refused again.
 * @throws Problem `authorization.key_needed`
 */
export async function requireKeyIfNeeded(
  parts: Pick<GrantParts, 'catalog' | 'storage'>,
  asked: KeyQuestion,
): Promise<void> {
  if (!(await hasYetToProve(parts, asked))) return
  if (!(await wasUsed(parts.storage.read, CAME_WITHOUT_KEY, asked.clientId))) return
  throw new Problem(
    'authorization.key_needed',
    'tokens for this API are bound to a key, and the client redeemed its last code without a proof: announce the key of your DPoP proofs with `dpop_jkt`, or register with `dpop_bound_access_tokens`',
  )
}

/**
 * Tells whether the tokens of a client will be good without a key, as far as it has said: it
 * announced none (`dpop_jkt`, RFC 9449 section 10), and nothing asks it for one when it redeems its
 * code (`redeem-code.ts`).
 */
export async function isBearer(
  { fapi2, storage }: Pick<GrantParts, 'fapi2' | 'storage'>,
  { announcesKey, proves }: Pick<Authorization, 'announcesKey' | 'proves'>,
  { agent, resource }: { readonly agent: Agent; readonly resource: Resource },
): Promise<boolean> {
  if (announcesKey || fapi2 === true || !takesBearer(resource)) return false
  if (proves && !proves.methods.includes('none')) return false
  return !(await canProve(storage.read, agent.id))
}

/** Names of actions, by what policies say of a client's calls of them whatever the arguments. */
export interface ScopeAvailability {
  /** Forbidden, and would not be with a token that is bound to a key. */
  readonly withheld: ReadonlySet<string>
  /** Forbidden to this client, key or not. */
  readonly forbidden: ReadonlySet<string>
  /** Actions whose calls people have to approve. */
  readonly asked: ReadonlySet<string>
  /** Only because no key proves who calls. */
  readonly askedForKey: ReadonlySet<string>
}

/**
 * Foretells calls of these actions by this client for this person, whatever the arguments. Forbids that people can lift
 * forbid nothing here. No person is offered an action that can never be called (contract 12.10); every call is decided when it is made.
 */
export async function scopeAvailability(
  parts: Pick<GrantParts, 'policies' | 'catalog' | 'clock'>,
  who: PersonAndAgent & { readonly bearer: boolean },
  names: ReadonlySet<string>,
): Promise<ScopeAvailability> {
  const { agent, bearer, person } = who
  const policies = await parts.policies.active()
  const { actions } = await parts.catalog.current()
  const principals = [personEntity(person), agentEntity(agent)]
  const entities = [...principals, ...groupEntities([person])]
  const forbids = (query: PolicyQuery): readonly string[] => {
    const { determining, errors, permitted } = policies.evaluate(query, 'arguments')
    return permitted || errors.length > 0 ? [] : determining
  }
  const asks = (query: PolicyQuery): readonly string[] =>
    policies.evaluate(query, 'all_but_requestable').determining
  const at = parts.clock.now()
  const [unbound, bound] = [contextsFor(who, null, at), contextsFor(who, '', at)]
  const [withheld, forbidden] = [new Set<string>(), new Set<string>()]
  const [asked, askedForKey] = [new Set<string>(), new Set<string>()]
  for (const name of names) {
    const action = actions.get(name)
    if (!action) continue
    const risk = countedRisk(action)
    const contexts = { now: (bearer ? unbound : bound)[risk], withKey: bound[risk] }
    const found = (by: typeof forbids, context: PolicyRecord) =>
      principals.some(
        ({ uid }) =>
          by({ principal: uid, action: name, resource: action.resource, entities, context })
            .length > 0,
      )
    if (found(forbids, contexts.now))
      (found(forbids, contexts.withKey) ? forbidden : withheld).add(name)
    else if (found(asks, contexts.now)) {
      asked.add(name)
      if (!found(asks, contexts.withKey)) askedForKey.add(name)
    }
  }
  return { withheld, forbidden, asked, askedForKey }
}

interface PersonAndAgent {
  readonly person: Person
  readonly agent: Agent
}

/** Contexts that policies see for calls of this client for this person, by risk class. */
function contextsFor(
  { agent, person }: PersonAndAgent,
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
