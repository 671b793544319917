import { canProve } from '../../agents/index.ts'
import { USE_STEP } from '../../approvals/index.ts'
import { Problem } from '../../lib/problem.ts'
import { closeTask } from '../../tasks/index.ts'
import {
  findRefreshToken,
  opaqueDigest,
  type Proof,
  REFRESH_STEP,
  type RefreshToken,
  useRefreshStep,
} from '../../tokens/index.ts'
import type { HeldTask } from '../facts.ts'
import { aboutTask } from '../issue-resource-token.ts'
import { type Refused, refused } from '../opening/opening.ts'
import type { DecisionParts } from '../parts.ts'
import { problemOr } from '../reasons.ts'
import { PROOF_STEP, proofStep } from '../refuse.ts'
import { grantEnded, type Presenting, readProof, refusing } from './credentials.ts'
import { type InteractiveTokens, issueTokens } from './issue.ts'
import { lostAnswer, rememberStep } from './lost-answer.ts'
import { type ClientShown, isAssertionStep, proveClient } from './prove-client.ts'

/** RFC 6749 section 6, with RFC 8707. */
export interface Refreshing extends Presenting, ClientShown {
  readonly refreshToken: string
  readonly resource?: string | undefined
  /** Narrows the next resource token; never what can be had later. */
  readonly scope?: string | undefined
  /** The same by details. */
  readonly details?: unknown
}

/**
 * The next resource token of a task that a code opened, and the next refresh token: the one that was shown is used up in
 * the same transaction. Shown a second time it closes the task, whoever shows it (RFC 9700 section 4.14.2); but the same request by the
 * same key gets the same answer again, for some seconds: the first may have been lost.
 */
export async function refreshTokens(
  parts: DecisionParts,
  asked: Refreshing,
): Promise<InteractiveTokens | Refused> {
  const { read } = parts.storage
  const digest = opaqueDigest('remit_rt', asked.refreshToken)
  const shown = digest === undefined ? undefined : await findRefreshToken(read, digest)
  const held = shown && (await parts.facts.task(shown.taskId))
  const proof = await readProof(parts, asked)
  const about = held ? aboutTask(held) : {}
  const no = refusing(parts, asked, { type: 'token.refused', proof, about })
  if (proof instanceof Problem) return no(refused(proof.code, proof.detail))
  if (!shown || !held || shown.clientId !== asked.clientId)
    return no(refused('refresh_token.invalid', 'the refresh token is not one of this client'))
  const client = await problemOr(proveClient(parts, asked))
  if (client instanceof Problem) return no(refused(client.code, client.detail))
  const again = async () => {
    const before =
      proof && (await lostAnswer(parts, { asked, shown, held, proof, steps: client.steps }))
    if (!before) return no(await reused(parts, shown))
    if (before.outcome !== 'refused') return before
    return no(before.asks ? before : refusedRefresh(before))
  }
  if (shown.usedAt !== null) return again()
  const wrong = misuse(parts, { asked, shown, held, proof })
  if (wrong) return no(wrong)
  if (!proof && (client.byKey || (await canProve(read, held.task.agentId))))
    return no(refused('grant.ended', 'the agent can prove itself by now, and has to'))
  const issued = await issueTokens(parts, held, {
    clientId: shown.clientId,
    resource: shown.resource,
    scope: asked.scope,
    details: asked.details,
    family: shown.scope,
    proof,
    remember: proof && rememberStep(parts, shown, { asked, proof }),
    by: { grant: 'refresh_token', origin: asked.origin },
    steps: [
      ...(proof ? [proofStep(parts, proof)] : []),
      ...client.steps,
      useRefreshStep(read, shown.digest, parts.clock.now()),
    ],
  })
  if (issued.outcome === 'issued') return issued
  if (issued.outcome === 'refused') return no(issued.asks ? issued : refusedRefresh(issued))
  if (issued.guard === PROOF_STEP) return no(refused('proof.replayed', 'the proof was used before'))
  if (isAssertionStep(issued.guard))
    return no(refused('assertion.replayed', 'the client assertion was used before'))
  if (issued.guard === REFRESH_STEP) return again()
  if (issued.guard === USE_STEP) return no(STALE)
  throw new Error(`tokens could not be stored: ${issued.guard}`)
}

const STALE = refused('token.stale', 'somebody was quicker; send the request again')

/** What people said is told as it is: asking them again is no help. */
function refusedRefresh(refusal: Refused): Refused {
  return refusal.reason.startsWith('approval.') ? refusal : grantEnded(refusal)
}

function misuse(
  parts: DecisionParts,
  given: { asked: Refreshing; shown: RefreshToken; held: HeldTask; proof: Proof | undefined },
): Refused | undefined {
  const { asked, held, proof, shown } = given
  if (asked.resource !== undefined && asked.resource !== shown.resource)
    return refused('task.resource_not_granted', 'the refresh token is for another resource')
  if (shown.expiresAt <= parts.clock.now())
    return refused('refresh_token.invalid', 'the refresh token has expired')
  if (held.task.keyThumbprint !== null && !proof)
    return refused('proof.missing', 'the refresh token is bound to the key of its task')
  if (held.task.keyThumbprint !== (proof?.thumbprint ?? null))
    return refused('proof.wrong_key', 'the refresh token is not bound to that key')
  const had = (shown.scope ?? '').split(' ')
  const more = asked.scope?.split(' ').some((name) => !had.includes(name))
  return more
    ? refused('task.bad_scope', 'refreshing gives no more than was granted first')
    : undefined
}

async function reused(parts: DecisionParts, { taskId }: RefreshToken): Promise<Refused> {
  await closeTask(parts, { taskId, by: 'system', reason: 'refresh.reused' })
  return refused('refresh_token.used', 'the refresh token was used before; its task is closed')
}
