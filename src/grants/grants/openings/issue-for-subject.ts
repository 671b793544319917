import { issuerKey } from '../../../identity/issuers/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import { livenessOf, openingKeys } from '../../../tasks/facts/index.ts'
import { closeTask, type TaskLineage } from '../../../tasks/tasks/index.ts'
import {
  aboutTask,
  asRefused,
  detailsAt,
  type GrantRefusal,
  isRefused,
  issuingBy,
  mayIssueAt,
  readWanted,
  refused,
} from '../../issuance/index.ts'
import type { MissingConsent, Opening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readRequester } from '../pipeline/authenticate-requester.ts'
import { failedAuthentication, isFailed, refuseFailed } from '../pipeline/authenticated.ts'
import { openingFor } from './for-person.ts'
import {
  type AssertionRequest,
  assertionPeer,
  clientAt,
  type IssuedAssertion,
  makeAssertion,
  type Peer,
  resourceOf,
  STALE,
} from './issue-assertion.ts'
import { open } from './open.ts'

/** An opening whose only token is an assertion for the server of another domain. */
export type SubjectAssertion = Omit<Opening, 'defer'> &
  Pick<AssertionRequest, 'kind' | 'audience' | 'origin'>

/** Time that an assertion may be redeemed, and a moment for the two to be made. */
const LIFE_SECONDS = 310

/**
 * Issues an assertion to an agent that brings a token of its person (ID-JAG section 4.3: an identity assertion): it opens a task as any
 * other token of a person does (contract 5.1), and gets the assertion for it, and nothing else. So no agent gets one without a basis, a
 * key and a task, and it can be redeemed no longer than the task lasts.
 */
export async function issueForSubject(
  parts: GrantParts,
  asked: SubjectAssertion,
): Promise<(IssuedAssertion & { readonly taskId: string }) | MissingConsent | GrantRefusal> {
  const opening = { ...asked, resource: undefined, defer: undefined }
  const read = await readRequester(parts, opening)
  if (isFailed(read)) return refuseFailed(parts, read)
  const { proof } = read
  const ready = await prepare(parts, asked).catch(asRefused)
  if (isRefused(ready)) return refuseFailed(parts, failedAuthentication(asked, ready, read))
  const { details, peer, resource } = ready
  const lifeSeconds = Math.min(asked.lifeSeconds ?? LIFE_SECONDS, LIFE_SECONDS)
  const wanted = { ...opening, details, scope: undefined, lifeSeconds }
  const before = (held: TaskLineage) => mayHave(parts, held, { asked, peer, resource })
  const answer = await open(parts, { ...openingFor(wanted, read), before })
  if (answer.outcome === 'deferred') throw new Error('the request cannot be deferred')
  if (answer.outcome !== 'opened') return answer
  const { task } = answer
  const held = await parts.facts.task(task.id)
  const request = { kind: asked.kind, audience: asked.audience, resource, origin: asked.origin }
  const made = held && (await makeAssertion(parts, request, held, proof.thumbprint))
  if (made && !isRefused(made)) {
    const { holds, issued, record } = made
    const { thumbprint } = proof
    const about = { ...aboutTask(held), tokenId: issued.token.id, thumbprint, ...record }
    const done = await parts.live.commit(parts.storage, [
      ...made.people.steps,
      parts.ledger.appendStep({ ...about, type: 'token.issued' }),
    ])
    // What people answered counts once: a second lock.
    if (done.committed && (await holds())) {
      const missing = [...(answer.missing?.details ?? []), ...(issued.missing ?? [])]
      return { ...issued, ...(missing.length > 0 ? { missing } : {}), taskId: task.id }
    }
  }
  await closeTask(parts, { taskId: task.id, by: 'system', reason: 'overtaken' })
  if (!made || !isRefused(made)) return STALE
  // The task is over: people cannot be asked about a token of it.
  return made.asks ? NEEDS_TASK : made
}

const NEEDS_TASK = refused(
  'issuance.approval_needed',
  'it needs an approval: open a task, and use its token',
)

/** Finds out the request to the peer, before anything is used up. */
async function prepare(
  parts: Pick<GrantParts, 'catalog' | 'issuer' | 'issuers'>,
  asked: SubjectAssertion,
) {
  const peer = await assertionPeer(parts, asked)
  if (isRefused(peer)) return peer
  const resource = resourceOf(peer.mapping, asked)
  if (resource === undefined)
    return refused('resource.unknown', 'send `resource`: one that the server protects')
  const wanted = readWanted(asked, await parts.catalog.current())
  if (isRefused(wanted)) return wanted
  const details = detailsAt(wanted ?? [], [resource])
  if (details.length === 0)
    return refused('task.resource_not_granted', 'nothing is requested at this resource')
  return { peer, resource, details }
}

/** INVARIANT: what can be known before the person's token is used up is known before. */
async function mayHave(
  parts: GrantParts,
  held: TaskLineage,
  { asked, peer, resource }: { asked: SubjectAssertion; peer: Peer; resource: string },
): Promise<GrantRefusal | undefined> {
  if ((await clientAt(parts, held, peer)) === undefined)
    return refused('issuance.forbidden', 'the agent has no client id at that server')
  const { agentId, issuers, personId } = held.task
  const keys = openingKeys(personId, agentId, held.spaces, issuers)
  const view = await parts.live.view([...keys, issuerKey(peer.issuer.name)])
  const alive = livenessOf(view)
  if (!alive.passed) return refused(codeOf(alive.reason ?? ''), alive.detail)
  const { byIdentifier } = await parts.catalog.current()
  const name = byIdentifier.get(resource)?.name ?? resource
  const setting = await parts.facts.setting(held, name, view, parts.clock.now())
  const issuing = issuingBy('token_exchange', asked)
  for (const at of [name, peer.issuer.issuer]) {
    const no = await mayIssueAt(parts, { held, resource: at, setting }, asked.kind, issuing)
    if (no) return no
  }
  return undefined
}
