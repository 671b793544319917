import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { USE_GUARD, useSteps } from '../../approvals/approvals/index.ts'
import { canProve } from '../../identity/agent-authentication/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import { CODE_GUARD, consumeCodeStep, returnCodeStep } from '../../identity/opaque-tokens/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { type Proof, takesBearer } from '../../identity/possession/index.ts'
import { agentIdOf } from '../../platform/lib/client-url.ts'
import { newId } from '../../platform/lib/id.ts'
import { onProblem } from '../../platform/lib/problem.ts'
import type { Guard, Step } from '../../platform/storage/index.ts'
import { BASES_GUARD } from '../../tasks/consent/index.ts'
import { proofStep } from '../../tasks/facts/index.ts'
import {
  closeTask,
  closeUnanswered,
  KEY_GUARD,
  openSteps,
  TASK_LIFE,
  type Task,
} from '../../tasks/tasks/index.ts'
import {
  type GrantParts,
  lineageOf,
  type Plan,
  type PlanRequest,
  planOpening,
  readProof,
  type TokenRequestContext,
} from '../grants/index.ts'
import {
  asRefused,
  detailsAt,
  type GrantRefusal,
  isRefused,
  refused,
  refusedBy,
} from '../issuance/index.ts'
import { approvalOfCode, purposeOf } from './approved-code.ts'
import type { Authorization } from './authorization.ts'
import {
  AUTHORIZATION_GUARD,
  findAuthorization,
  returnAuthorizationStep,
  useAuthorizationStep,
} from './authorization-store.ts'
import { type InteractiveTokens, issueTokens } from './issue.ts'
import { missingIn } from './left-out.ts'
import { boundTo, type ClientParameters, type ProvedClient, proveClient } from './prove-client.ts'
import { grantEnded, refusing } from './refuse-grant.ts'
import { hasYetToProve, rememberWithoutKey } from './without-key.ts'

/** A code that came back from the client it was sent to, with the right verifier: what the protocol checks is checked. */
export interface CodeRedemption extends TokenRequestContext, Omit<ClientParameters, 'clientId'> {
  /** Id of the authorization that the code was issued for. */
  readonly authorizationId: string
  /** Id under which the code is kept: it is used up with the task that it opens. */
  readonly codeId: string
  /** The key that the client said at the authorization endpoint it would use (RFC 9449 section 10). */
  readonly thumbprint: string | undefined
  /** The client lets the answer be deferred. */
  readonly deferrable: boolean
  /** Narrows the first resource token; what can be had by refreshing stays. */
  readonly details?: unknown
}

/**
 * Opens the task that a person allowed on the consent page (contract 5.3), and issues its first tokens. The grant is
 * the part that the person chose, within the agent's present ceiling. A code that comes a second time closes the task.
 */
export async function redeemCode(
  parts: GrantParts,
  asked: CodeRedemption,
): Promise<InteractiveTokens | GrantRefusal> {
  const { read } = parts.storage
  const authorization = await findAuthorization(read, asked.authorizationId)
  const proof = await readProof(parts, asked).catch(asRefused)
  const about = {
    agent: authorization && (authorization.agentId ?? agentIdOf(authorization.clientId)),
    person: authorization?.personId ?? undefined,
  }
  const no = refusing(parts, asked, { type: 'task.refused', proof, about })
  if (isRefused(proof)) return no(proof)
  if (asked.thumbprint !== undefined && proof?.thumbprint !== asked.thumbprint)
    return no(refused('proof.wrong_key', 'the client announced another key'))
  // RFC 9449 section 5.2: a client that always proves a key is believed.
  if (authorization?.announcesKey && !proof)
    return no(refused('proof.missing', 'the client said that it proves a key'))
  // Deferred Token Response, "Pre-Token Hints".
  if (authorization?.deferrable && !asked.deferrable)
    return no(refused('oauth.invalid_request', '`completion_mode` was `deferred` before'))
  if (authorization?.state === 'used') return no(await replayed(parts, authorization))
  if (authorization?.state !== 'granted') return no(refused('code.invalid', 'the code is unknown'))
  const { clientId } = authorization
  const client = await proveClient(parts, { ...asked, clientId }).catch(asRefused)
  if (isRefused(client)) return no(client)
  const found = await planCode(parts, authorization, { proof, client, origin: asked.origin })
  if (isRefused(found)) {
    if (found.reason === 'proof.missing' && (await hasYetToProve(parts, authorization)))
      await rememberWithoutKey(parts, authorization)
    return no(found)
  }
  const { approval } = found
  const { task } = await lineageOf(parts, found.asked, found.plan, {
    ...(approval ? { id: approval.taskId, approvedUntil: approval.usableUntil ?? undefined } : {}),
    // There is no task token to hand anything on with.
    handsOnNothing: true,
  })
  const lacks = await missingIn(parts, authorization, task)
  const missing = lacks && [...lacks.askable, ...lacks.never]
  const sharesKey = proof !== undefined && !parts.freshKeys
  const steps = [
    ...(proof ? [proofStep(parts, proof)] : []),
    ...client.steps,
    consumeCodeStep(read, asked.codeId, { now: parts.clock.now(), knownUntil: task.deadline }),
    useAuthorizationStep(read, authorization.id, task.id),
    ...(approval ? useSteps(parts, approval, newId('decision', parts.random)) : []),
    ...openSteps(parts, task, { chain: [task.agentId], origin: asked.origin }, [], { sharesKey }),
  ]
  const first = await parts.live.commit(parts.storage, steps)
  // Of two tasks that begin with one key in the same moment, the second did not see the first yet.
  const again = sharesKey && !first.committed && first.failed === KEY_GUARD
  const done = again ? await parts.live.commit(parts.storage, steps) : first
  if (!done.committed) return no(await overtaken(parts, authorization, done.failed))
  // The id of a task that approvers were asked about is theirs: it cannot begin twice.
  const returns = approval
    ? []
    : [
        returnAuthorizationStep(read, authorization.id, task.id),
        returnCodeStep(read, asked.codeId, parts.clock.now()),
      ]
  return firstTokens(parts, task, {
    ...{
      authorization,
      client,
      proof,
      origin: asked.origin,
      details: asked.details,
      lacks: missing ? { missing } : {},
      returns,
    },
  })
}

interface CodePlan {
  readonly asked: PlanRequest
  readonly plan: Plan
  /** Approval of others than the person, where rules wanted them to be asked. */
  readonly approval: AccessRequest | undefined
}

/** Agent, person and consent, as they are now. */
async function planCode(
  parts: GrantParts,
  authorization: Authorization,
  {
    client,
    origin,
    proof,
  }: { proof: Proof | undefined; client: ProvedClient; origin: TokenRequestContext['origin'] },
): Promise<CodePlan | GrantRefusal> {
  const { read } = parts.storage
  const agent = await findAgent(read, authorization.agentId ?? '')
  const person = await findPerson(read, authorization.personId ?? '')
  if (!agent || !person) return refused('grant.ended', 'the client or the person no longer exists')
  // INVARIANT: an agent that can prove possession never gets a token that does not need it.
  if (!proof && (client.byKey || (await canProve(read, agent.id))))
    return refused('proof.missing', 'an agent with a key must send a DPoP proof')
  const catalog = await parts.catalog.current()
  const resource = catalog.byIdentifier.get(authorization.resource)
  if (!resource) return refused('resource.unknown', 'there is no such resource')
  // INVARIANT: a bearer token is only for where it is taken, as that is now: the person may have been asked when it was.
  // By the profile a second lock: no client without a key gets here.
  if (!proof && (!takesBearer(resource) || parts.fapi2))
    return refused('proof.missing', 'this resource takes bound tokens only: send a DPoP proof')
  const purpose = purposeOf(authorization, resource.name)
  const ended = onProblem(({ detail }) => refused('grant.ended', detail))
  const issuers = await parts.issuers.behind(agent).catch(ended)
  if (isRefused(issuers)) return issuers
  const { acr, authTime, details: wanted, taskId } = authorization
  const asked: PlanRequest = {
    ...{ flow: 'code', requester: { agent, issuers, proof }, origin, person },
    request: {
      ...{ purpose, details: wanted, proved: { acr, authTime } },
      // The consent ends when the person said; the task with it.
      lifeSeconds: TASK_LIFE.most / 1000,
    },
  }
  const first = await planOpening(parts, asked, { asksPeople: true })
  const unapproved = first.outcome === 'needs_approval' ? first : undefined
  const approval =
    unapproved && taskId
      ? await approvalOfCode(parts, { ...authorization, taskId }, { agent, person, ...unapproved })
      : undefined
  const lifted = approval?.ask.forbids
  const plan = lifted ? await planOpening(parts, asked, { lifted, asksPeople: true }) : first
  if (plan.outcome === 'needs_approval') return NOT_APPROVED
  if (plan.outcome === 'refused') return notGranted(plan)
  if (plan.outcome === 'needs_consent') return TAKEN_BACK
  // INVARIANT: it stands on the consent that this very code is for. Older ones would end it when they end, and must not
  // keep it when the person has taken this one back.
  const { grant } = plan
  const bases = grant.bases.filter(
    ({ id, kind }) => id === authorization.basisId || kind === 'admin',
  )
  if (!bases.some(({ id }) => id === authorization.basisId)) return TAKEN_BACK
  const details = detailsAt(grant.details, catalog.at(authorization.resource).locations)
  if (details.length === 0) return refused('grant.ended', 'nothing of the consent is left')
  return { asked, plan: { ...plan, grant: { ...grant, bases, details } }, approval }
}

const TAKEN_BACK = refused('grant.ended', 'the person has withdrawn the consent')
const NOT_APPROVED = refused(
  'issuance.approval_needed',
  'it needs an approval; start again, and approvers are asked after the person',
)

async function firstTokens(
  parts: GrantParts,
  task: Task,
  given: {
    readonly authorization: Authorization
    readonly client: ProvedClient
    readonly proof: Proof | undefined
    readonly origin: TokenRequestContext['origin']
    readonly details: unknown
    readonly lacks: Pick<InteractiveTokens, 'missing'>
    /** Steps that give the person's answer back, where no client hears of the task. */
    readonly returns: readonly Step[]
  },
): Promise<InteractiveTokens | GrantRefusal> {
  const { returns } = given
  const { clientId, resource } = given.authorization
  const held = await parts.facts.task(task.id)
  if (!held) throw new Error('a task is gone in the moment it was opened')
  const issued = await issueTokens(parts, held, {
    ...{ clientId, resource, proof: given.proof, details: given.details },
    refresh: { next: boundTo(given.client) },
    steps: () => [],
    refreshScope: authorizedScope(task),
    by: { grant: 'authorization_code', origin: given.origin },
  }).catch(async (error: unknown) => {
    await closeUnanswered(parts, task.id, 'failed', returns)
    throw error
  })
  if (issued.outcome === 'issued') return { ...issued, ...given.lacks }
  await closeUnanswered(parts, task.id, 'overtaken', returns)
  if (issued.outcome === 'failed')
    throw new Error(`the tokens of a task could not be stored: ${issued.guard.name}`)
  return notGranted(issued)
}

/**
 * Refuses as an ended grant, unless policies let no token be issued: asking the person again is no
 * help there.
 */
function notGranted(refusal: GrantRefusal): GrantRefusal {
  return refusal.reason.startsWith('issuance.') ? refusal : grantEnded(refusal)
}

/** All that the task may do: narrowing the first token narrows none after it. */
function authorizedScope({ details }: Task): string {
  return [...new Set(details.flatMap(({ actions }) => actions))].join(' ')
}

/** The code has a second owner, or the client a fault: what came of it ends (RFC 6749 section 4.1.2, RFC 9700 4.5). */
async function replayed(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  { taskId }: Authorization,
): Promise<GrantRefusal> {
  if (taskId !== null) await closeTask(parts, { taskId, by: 'system', reason: 'code.replayed' })
  return refused('code.used', 'the code was used before; the task that it opened is closed')
}

async function overtaken(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  { id }: Authorization,
  guard: Guard,
): Promise<GrantRefusal> {
  if (guard === BASES_GUARD) return TAKEN_BACK
  if (guard === USE_GUARD) return NOT_APPROVED
  if (guard !== CODE_GUARD && guard !== AUTHORIZATION_GUARD) return refusedBy(guard)
  const now = await findAuthorization(parts.storage.read, id)
  return now ? replayed(parts, now) : refused('code.invalid', 'the code is unknown')
}
