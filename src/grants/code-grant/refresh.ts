import { USE_GUARD } from '../../approvals/approvals/index.ts'
import { canProve } from '../../identity/agent-authentication/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import {
  findRefreshToken,
  isRegistered,
  opaqueDigest,
  REFRESH_GUARD,
  type RefreshToken,
  touchRefreshStep,
} from '../../identity/opaque-tokens/index.ts'
import type { Proof } from '../../identity/possession/index.ts'
import type { Guard, Step } from '../../platform/storage/index.ts'
import { proofStep } from '../../tasks/facts/index.ts'
import { closeTask, IDLE_GUARD, type TaskLineage, usableKeyStep } from '../../tasks/tasks/index.ts'
import { type GrantParts, readProof, type TokenRequestContext } from '../grants/index.ts'
import {
  aboutTask,
  asRefused,
  type GrantRefusal,
  isRefused,
  refused,
  refusedBy,
} from '../issuance/index.ts'
import { type InteractiveTokens, issueTokens } from './issue.ts'
import { boundTo, type ClientParameters, type ProvedClient, proveClient } from './prove-client.ts'
import { exchangeStep, lostSuccessor } from './refresh-replay.ts'
import { grantEnded, refusing } from './refuse-grant.ts'

/** RFC 6749 section 6, with RFC 8707. */
export interface RefreshRequest extends TokenRequestContext, ClientParameters {
  readonly refreshToken: string
  readonly resource?: string | undefined
  /** Narrows the next resource token; never what can be had later. */
  readonly scope?: string | undefined
  /** Details that narrow the next resource token. */
  readonly details?: unknown
  /** Less than all of that is worth nothing. */
  readonly requireAll?: boolean | undefined
}

/**
 * The next resource token of a task that a code opened. The refresh token of a client that authenticates stays the same, and counts with
 * any key of that client (RFC 9449 section 5). Any other is used up in the same transaction, and the next one is given. Shown a second
 * time it gets that next one again, until that one is used: the first answer may have been lost. After that it closes the task,
 * for every client that shows it (RFC 9700 section 4.14.2).
 */
export async function refreshTokens(
  parts: GrantParts,
  asked: RefreshRequest,
): Promise<InteractiveTokens | GrantRefusal> {
  const { read } = parts.storage
  const digest = opaqueDigest('remit_rt', asked.refreshToken)
  const shown = digest === undefined ? undefined : await findRefreshToken(read, digest)
  const held = shown && (await parts.facts.task(shown.taskId))
  const proof = await readProof(parts, asked).catch(asRefused)
  const about = held ? aboutTask(held) : {}
  const refuse = refusing(parts, asked, { type: 'token.refused', proof, about })
  const no = async (refusal: GrantRefusal) =>
    refuse((await isForgotten(parts, asked, held)) ? FORGOTTEN : refusal)
  if (isRefused(proof)) return no(proof)
  if (!shown || !held || shown.clientId !== asked.clientId)
    return no(refused('refresh_token.invalid', 'the refresh token does not belong to this client'))
  const client = await proveClient(parts, asked).catch(asRefused)
  if (isRefused(client)) return no(client)
  const given: RefreshInput = { asked, shown, held, proof, client }
  const wrong = await misuse(parts, given)
  // The client that used the successor is another one than the client that comes now.
  const lost =
    shown.boundTo === 'key' && shown.usedAt !== null && (await lostSuccessor(parts, shown))
  if (lost === 'reused') return no(await reused(parts, shown))
  if (wrong) return no(wrong)
  const first = await exchange(parts, given, lost)
  // Of two at the same moment the second finds what the first was given.
  const again = first.outcome === 'failed' && first.guard === REFRESH_GUARD && !lost
  const answer = again ? await exchangeAgain(parts, given) : first
  if (answer === 'reused') return no(await reused(parts, shown))
  if (answer.outcome === 'issued') return answer
  if (answer.outcome === 'refused') return no(answer.asks ? answer : refusedRefresh(answer))
  return no(await overtaken(parts, shown, answer.guard))
}

/**
 * A registration that went as unused. Its client is told that, so that it registers again by itself: asked to send its person, it would
 * lead them to a page that cannot help.
 */
async function isForgotten(
  { clock, storage }: Pick<GrantParts, 'clock' | 'storage'>,
  { clientId }: RefreshRequest,
  held: TaskLineage | undefined,
): Promise<boolean> {
  const { read } = storage
  if (!held || !REGISTERED.test(clientId)) return false
  if (await isRegistered(read, clientId, clock.now())) return false
  return (await findAgent(read, held.task.agentId))?.status !== 'retired'
}

/** Ids of clients that register themselves. */
const REGISTERED = /^client-[0-9a-f]{32}$/
const FORGOTTEN = refused('agent.unauthenticated', 'the client is not registered any more')

interface RefreshInput {
  readonly asked: RefreshRequest
  readonly shown: RefreshToken
  readonly held: TaskLineage
  readonly proof: Proof | undefined
  readonly client: ProvedClient
}

type LostSuccessor = Awaited<ReturnType<typeof lostSuccessor>> | false

async function exchange(
  parts: GrantParts,
  { asked, client, held, proof, shown }: RefreshInput,
  lost: Exclude<LostSuccessor, 'reused'>,
) {
  if (lost === 'none')
    return refused(
      'refresh_token.invalid',
      'the refresh token was used, and policies allowed no next one',
    )
  const now = parts.clock.now()
  const { read } = parts.storage
  const { digest } = shown
  const stays = shown.boundTo === 'client'
  const exchanged = (next: string | undefined) =>
    stays
      ? [keyStep(parts, held, proof), touchRefreshStep(read, { digest, now, ends: !next })].flat()
      : [lost ? lost.step : exchangeStep(parts, shown, next)]
  return issueTokens(parts, held, {
    clientId: shown.clientId,
    resource: shown.resource,
    scope: asked.scope,
    details: asked.details,
    requireAll: asked.requireAll,
    refreshScope: shown.scope,
    proof,
    repeats: lost !== false,
    by: { grant: 'refresh_token', origin: asked.origin },
    refresh: stays
      ? { same: asked.refreshToken }
      : lost
        ? { same: lost.token }
        : { next: boundTo(client) },
    steps: (next) => [
      ...(proof ? [proofStep(parts, proof)] : []),
      ...client.steps,
      ...parts.facts.uses.steps(held.task, now),
      ...exchanged(next),
    ],
  })
}

async function exchangeAgain(parts: GrantParts, given: RefreshInput) {
  const now = await findRefreshToken(parts.storage.read, given.shown.digest)
  if (!now || now.boundTo === 'client') return refused('refresh_token.invalid', 'it has expired')
  const lost = now.usedAt !== null && (await lostSuccessor(parts, now))
  return lost === 'reused' ? lost : exchange(parts, given, lost)
}

/** INVARIANT: no key of another agent, and none that a task has for itself, becomes one of this client's. */
function keyStep(
  { storage }: Pick<GrantParts, 'storage'>,
  { task }: TaskLineage,
  proof: Proof | undefined,
): Step[] {
  return proof === undefined || proof.thumbprint === task.keyThumbprint
    ? []
    : [usableKeyStep(storage.read, { key: proof.thumbprint, task })]
}

async function overtaken(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  shown: RefreshToken,
  guard: Guard,
): Promise<GrantRefusal> {
  if (guard === REFRESH_GUARD)
    return shown.boundTo === 'client'
      ? refused('refresh_token.invalid', 'the refresh token has expired')
      : reused(parts, shown)
  if (guard === IDLE_GUARD) return grantEnded(refusedBy(guard))
  return guard === USE_GUARD ? STALE : refusedBy(guard)
}

const STALE = refused('token.stale', 'a concurrent request was faster; send the request again')

/**
 * Passes on the answers of people, and that the client needs more than the task has: asking people again is no help. Any other refusal is the end of
 * the grant.
 */
function refusedRefresh(refusal: GrantRefusal): GrantRefusal {
  const stands = refusal.reason.startsWith('approval.') || refusal.reason === 'grant.incomplete'
  return stands ? refusal : grantEnded(refusal)
}

async function misuse(
  parts: Pick<GrantParts, 'catalog' | 'clock' | 'storage'>,
  { asked, client, held, proof, shown }: RefreshInput,
): Promise<GrantRefusal | undefined> {
  if (asked.resource !== undefined && asked.resource !== shown.resource)
    return refused('task.resource_not_granted', 'the refresh token is for another resource')
  if (shown.expiresAt <= parts.clock.now())
    return refused('refresh_token.invalid', 'the refresh token has expired')
  if (shown.boundTo === 'client' && !client.byKey)
    return refused('agent.unauthenticated', 'the client authenticates with its key')
  const { agentId, keyThumbprint } = held.task
  if (keyThumbprint !== null && !proof)
    return refused('proof.missing', 'the refresh token is bound to the key of its task')
  if (!proof && (client.byKey || (await canProve(parts.storage.read, agentId))))
    return refused('grant.ended', 'the agent has a key now and must use it')
  // RFC 9449 section 5: bound to the client where that authenticates, and to the key where nothing else says who it is.
  if (shown.boundTo === 'key' && keyThumbprint !== (proof?.thumbprint ?? null))
    return refused('proof.wrong_key', 'the refresh token is not bound to that key')
  const { actions } = await parts.catalog.current()
  const had = (shown.scope ?? '').split(' ')
  const more = asked.scope
    ?.split(' ')
    .some((name) => !had.includes(name) && !had.includes(actions.get(name)?.name ?? name))
  return more
    ? refused('task.bad_scope', 'a refresh cannot grant more than was first granted')
    : undefined
}

async function reused(
  parts: Pick<GrantParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  { taskId }: RefreshToken,
): Promise<GrantRefusal> {
  await closeTask(parts, { taskId, by: 'system', reason: 'refresh.reused' })
  return refused('refresh_token.used', 'the refresh token was used before; its task is closed')
}
