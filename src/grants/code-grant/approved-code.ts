import type { Requestable } from '@remit/engine'
import {
  type AccessRequest,
  attachQuestion,
  type FrozenQuestion,
} from '../../approvals/access-requests/index.ts'
import { usableApproval } from '../../approvals/approvals/index.ts'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import { type Agent, findAgent } from '../../identity/agents/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { onProblem, Problem } from '../../platform/lib/problem.ts'
import { findTask } from '../../tasks/tasks/index.ts'
import {
  covers,
  type GrantedAuthority,
  type GrantParts,
  grantOpening,
  MAX_APPROVAL,
} from '../grants/index.ts'
import { asRefused, detailsAt, openingQuestion } from '../issuance/index.ts'
import type { Authorization } from './authorization.ts'
import { authorizationWaitingLike, nameAuthorizedTask } from './authorization-store.ts'

/** Purpose of the task that a code opens, in our words: the client states none. */
export function purposeOf({ clientName }: Authorization, resource: string): string {
  return `${clientName} at ${resource}, as allowed on the consent page`
}

/**
 * Standing of others than the person to what a code would open. `clear`: no one has to be asked, or
 * they said yes; whatever else stands in the way, redeeming the code says.
 */
export type CodeStanding =
  | { readonly state: 'clear' | 'denied' }
  | { readonly state: 'waiting'; readonly request: AccessRequest }
  | { readonly state: 'to_ask'; readonly question: FrozenQuestion; readonly insufficient: string[] }

/** Reads, and writes nothing. */
export async function codeStanding(
  parts: GrantParts,
  authorization: Authorization,
): Promise<CodeStanding> {
  const found = await unapproved(parts, authorization)
  if (!found) return CLEAR
  const { forbids } = found
  const taskId = await taskIdFor(parts, authorization)
  const question = await codeQuestion(parts, { ...authorization, taskId }, found)
  const standing = await usableApproval(parts, taskId, question.callHash, parts.clock.now())
  switch (standing.state) {
    case 'pending':
      return { state: 'waiting', request: standing.request }
    case 'denied':
      return { state: 'denied' }
    case 'usable': {
      const { request } = standing.approval
      if (covers(request, forbids)) return CLEAR
      return { state: 'to_ask', question, insufficient: [request.id] }
    }
    case 'lapsed':
      return { state: 'to_ask', question, insufficient: [standing.request.id] }
    default:
      return { state: 'to_ask', question, insufficient: [] }
  }
}

/**
 * Reads the standing, and asks those who were not asked yet. The id of the task that it will be
 * is fixed with the question.
 */
export async function askAboutCode(
  parts: GrantParts,
  authorization: Authorization,
): Promise<CodeStanding> {
  const standing = await codeStanding(parts, authorization)
  if (standing.state !== 'to_ask') return standing
  const { insufficient, question } = standing
  return parts.storage.transaction(async (tx) => {
    const { id, taskId: before } = authorization
    const { taskId } = question
    if (before !== taskId && !(await nameAuthorizedTask(tx, { id, before, taskId })))
      throw new Problem('authorization.changed', 'the request changed in the meantime; look again')
    const attached = await attachQuestion(parts, tx, question, insufficient)
    if ('refusal' in attached) return { state: 'denied' }
    return { state: 'waiting', request: attached.request }
  })
}

/** The approval that a code is redeemed with, where rules want one about what it opens. */
export async function approvalOfCode(
  parts: GrantParts,
  authorization: Authorization & Pick<FrozenQuestion, 'taskId'>,
  found: UnapprovedCode,
): Promise<AccessRequest | undefined> {
  const { callHash, taskId } = await codeQuestion(parts, authorization, found)
  const standing = await usableApproval(parts, taskId, callHash, parts.clock.now())
  const { request } = standing.state === 'usable' ? standing.approval : { request: undefined }
  return request && covers(request, found.forbids) ? request : undefined
}

const CLEAR = { state: 'clear' } as const

interface UnapprovedCode {
  readonly agent: Pick<Agent, 'id'>
  readonly person: Person
  readonly grant: Pick<GrantedAuthority, 'details'>
  readonly forbids: readonly Requestable[]
  readonly catalog: CatalogView
}

/**
 * Asks rules about tokens with and without a key: only with the code does the client say which it
 * will be.
 */
async function unapproved(
  parts: GrantParts,
  authorization: Authorization,
): Promise<UnapprovedCode | undefined> {
  const { read } = parts.storage
  const agent = await findAgent(read, authorization.agentId ?? '')
  const person = await findPerson(read, authorization.personId ?? '')
  const resource = (await parts.catalog.current()).byIdentifier.get(authorization.resource)
  if (!agent || !person || !resource) return undefined
  const issuers = await parts.issuers.behind(agent).catch(onProblem(() => undefined))
  if (!issuers) return undefined
  const wanted = {
    details: authorization.details,
    purpose: purposeOf(authorization, resource.name),
  }
  const all = new Map<string, Requestable>()
  let last: Pick<UnapprovedCode, 'grant' | 'catalog'> | undefined
  for (const bound of [false, true]) {
    const issuing = { grant: 'authorization_code', bound, origin: { ip: '' } } as const
    const who = { agent, subject: { person }, issuers, issuing }
    const found = await grantOpening(parts, wanted, who, { asksPeople: true }).catch(asRefused)
    if (found.outcome !== 'needs_approval') continue
    for (const forbid of found.forbids) all.set(forbid.id, forbid)
    last = found
  }
  return last && { ...last, agent, person, forbids: [...all.values()] }
}

async function codeQuestion(
  parts: Pick<GrantParts, 'clock' | 'issuer' | 'policies' | 'random'>,
  authorization: Authorization & Pick<FrozenQuestion, 'taskId'>,
  { agent, catalog, forbids, grant, person }: UnapprovedCode,
): Promise<FrozenQuestion> {
  const { resource, taskId } = authorization
  const name = catalog.byIdentifier.get(resource)?.name ?? resource
  const details = detailsAt(grant.details, catalog.at(resource).locations)
  const { version: policyVersion } = await parts.policies.active()
  return openingQuestion(
    parts,
    {
      ...{ chain: [agent.id], details, person, taskId, grant: 'authorization_code' },
      ...{ mayDelegate: [], sponsored: false, thumbprint: undefined },
      request: { purpose: purposeOf(authorization, name), resource },
      deadline: parts.clock.now() + MAX_APPROVAL,
    },
    forbids,
    { catalog, policyVersion },
  )
}

/**
 * Id of the task that it will be. The same program may have asked for the same before, and have
 * given up waiting: the question to people was then about the same task, which never opened.
 */
async function taskIdFor(
  parts: Pick<GrantParts, 'random' | 'storage'>,
  authorization: Authorization,
) {
  const { read } = parts.storage
  const known = authorization.taskId ?? (await authorizationWaitingLike(read, authorization))
  if (known !== undefined && known !== null && !(await findTask(read, known))) return known
  return newId('task', parts.random)
}
