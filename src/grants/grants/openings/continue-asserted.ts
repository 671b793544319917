import { contains } from '@remit/engine'
import { credentialStep } from '../../../identity/agent-authentication/index.ts'
import type { Guard } from '../../../platform/storage/index.ts'
import { proofStep } from '../../../tasks/facts/index.ts'
import {
  findTaskByKey,
  listTasks,
  type Task,
  type TaskLineage,
} from '../../../tasks/tasks/index.ts'
import {
  aboutTask,
  detailsAt,
  type GrantAt,
  type GrantRefusal,
  grantAt,
  grantedScope,
  type IssuedAccess,
  isRefused,
  issuingBy,
  refused,
  refusedBy,
  resourceAccess,
} from '../../issuance/index.ts'
import type { AssertedOpening, OpenedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import type { AuthenticatedRequester } from '../pipeline/authenticate-requester.ts'
import { useOnceStep } from '../pipeline/begin.ts'
import { grantOpening } from '../pipeline/grant.ts'
import type { Presenter, ReadAssertion } from './read-assertion.ts'

/**
 * Maximum number of open tasks of one person that are looked at, the newest: an agent may have as
 * many as it has people.
 */
const MAX_LOOKED_AT = 64

/** Every credential of the request is used up already. */
export const SPENT = refused('token.stale', 'something changed while the token was issued')

export interface Continuation {
  readonly asked: Omit<AssertedOpening, 'use'>
  readonly said: ReadAssertion<
    Presenter & { readonly assertion: AuthenticatedRequester['assertion'] | undefined }
  >
  readonly resource: string
}

/**
 * Takes another assertion for a task that is open already: a client that brings one for each token works on in one task, with its key and its
 * sessions, as one does that refreshes. `undefined`: nothing like that is open, or it is asked for more; then another task opens.
 * INVARIANT: all that an opening uses up is used up, and its present grant is issued, within the task as it is. It
 * gets no wider and lasts no longer.
 */
export async function continueAsserted(
  parts: GrantParts,
  continuing: Continuation,
): Promise<OpenedTask | GrantRefusal | undefined> {
  const open = await alike(parts, continuing)
  if (open.length === 0) return undefined
  const { asked, resource, said } = continuing
  const issuing = {
    ...issuingBy('jwt_bearer', asked),
    bound: said.requester.proof !== undefined,
  }
  const { details, purpose } = said.asserted
  const wanted = { ...asked, details, purpose, scope: undefined }
  const who = { ...said.requester, issuing }
  const grant = await grantOpening(parts, wanted, who, { asserted: said.basis })
  if (grant.outcome !== 'granted') return undefined
  const here = detailsAt(grant.details, (await parts.catalog.current()).at(resource).locations)
  const task = open.find((one) => here.length > 0 && contains(one.details, here, grant.kindOf))
  const held = task && (await parts.facts.task(task.id))
  if (!held) return undefined
  const at = await grantAt(parts, held, { resource, details: here, issuing })
  // With a key there is no other task that could open.
  if (isRefused(at)) return said.requester.proof ? at : undefined
  const scope = grantedScope(asked.scope, at.details, await parts.catalog.current())
  const issued = await resourceAccess(parts, held, {
    ...{ resource: at.resource, view: at.view, details: at.details, setting: at.setting },
    ...{ scope, thumbprint: held.task.keyThumbprint, until: at.people.until },
  })
  const failed = await use(parts, continuing, { held, at, issued })
  if (failed !== undefined) return refusedBy(failed)
  if (!(await parts.live.stillHold([at.view, at.setting.also, ...grant.views]))) return SPENT
  const { token } = issued
  const answer = { outcome: 'opened', kind: 'resource', token, details: at.details } as const
  const of = { task: held.task, chain: held.chain }
  return { ...answer, ...of, ...(scope === undefined ? {} : { scope }) }
}

/**
 * Not closed, by the same key or by none, for the same, through the same, and asked for as plainly. A task never learns of a later sign-in
 * (RFC 9470): without a key, another sign-in is another task; with one, a client that needs one comes with another key.
 */
async function alike(
  parts: Pick<GrantParts, 'clock' | 'storage'>,
  { asked, said }: Continuation,
): Promise<readonly Task[]> {
  const { budget, lifeSeconds, purpose, space, thread } = asked
  const ofItsOwn = [budget, lifeSeconds, purpose, space, thread].some((one) => one !== undefined)
  if (ofItsOwn) return []
  const { actors, agent, issuers, proof, subject } = said.requester
  const { read } = parts.storage
  const of = { agentId: agent.id, personId: subject.person.id }
  const known = proof && (await findTaskByKey(read, proof.thumbprint))
  const found = proof
    ? [known].filter((task) => task !== undefined)
    : await listTasks(read, { personId: of.personId, state: 'open', limit: MAX_LOOKED_AT })
  const names = issuers.map(({ name }) => name).toSorted()
  return found.filter(
    (task) =>
      task.openedBy === 'assertion' &&
      (task.state === 'open' || (task.state === 'suspended' && proof !== undefined)) &&
      task.agentId === of.agentId &&
      task.personId === of.personId &&
      task.keyThumbprint === (proof?.thumbprint ?? null) &&
      task.spaceId === null &&
      task.budget.length === 0 &&
      task.deadline > parts.clock.now() &&
      (proof !== undefined || (task.acr === subject.acr && task.authTime === subject.authTime)) &&
      task.purpose === said.asserted.purpose &&
      task.issuers.toSorted().join() === names.join() &&
      JSON.stringify(task.actors) === JSON.stringify(actors),
  )
}

/** Answers the guard that failed. */
async function use(
  parts: Pick<GrantParts, 'ledger' | 'live' | 'storage'>,
  { said }: Continuation,
  { at, held, issued }: { held: TaskLineage; at: GrantAt; issued: IssuedAccess },
): Promise<Guard | undefined> {
  const { assertion, proof, subject } = said.requester
  const { read } = parts.storage
  const done = await parts.live.commit(parts.storage, [
    ...(proof ? [proofStep(parts, proof)] : []),
    ...(assertion ? [credentialStep(read, assertion)] : []),
    useOnceStep(parts, { ...subject, kind: 'subject_token' }),
    ...at.people.steps,
    ...issued.steps,
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'token.issued',
      resource: at.resource.name,
      tokenId: issued.token.id,
      thumbprint: proof?.thumbprint,
    }),
  ])
  return done.committed ? undefined : done.failed
}
