import {
  findBearerToken,
  findRefreshToken,
  opaqueDigest,
} from '../../identity/opaque-tokens/index.ts'
import { checkResourceToken, checkTaskToken } from '../../identity/tokens/index.ts'
import { readCompact, readObject } from '../../platform/jose/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { onProblem } from '../../platform/lib/problem.ts'
import { ownTokens } from '../../tasks/facts/index.ts'
import { closeTask, voidTokens } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'

/**
 * Takes back what a token gives (RFC 7009): a task token ends its task and everything below it, and so does every token of a
 * task that a code opened, where the client has nothing else to end it with. Any other resource token ends all resource tokens
 * of its task that exist now. A token that is not ours, or expired, gives nothing, and nothing happens.
 * Answers when no replica permits with it any more.
 */
export async function revokeToken(parts: GrantParts, token: string): Promise<void> {
  const opaque = await taskOfOpaque(parts, token)
  if (opaque !== undefined) return endWith(parts, opaque)
  const own = await checkTaskToken(token, ownTokens(parts)).catch(NOTHING)
  if (own) {
    const { id } = own.task
    const closing = { taskId: id, by: id, reason: 'revoked' }
    await unlessGone(closeTask(parts, closing))
    return
  }
  const audience = audienceOf(token)
  const { byIdentifier } = await parts.catalog.current()
  if (audience === undefined || !byIdentifier.has(audience)) return
  const claims = await checkResourceToken(token, audience, ownTokens(parts)).catch(NOTHING)
  if (claims) await endWith(parts, claims.task.id)
}

/** A token that is not accepted gives nothing. */
const NOTHING = onProblem(() => undefined)

/** A resource token was revoked, or what gets the next one. */
async function endWith(parts: GrantParts, taskId: Id<'task'>): Promise<void> {
  const held = await parts.facts.task(taskId)
  const change = { taskId, by: taskId }
  if (held?.task.openedBy === 'code')
    return unlessGone(closeTask(parts, { ...change, reason: 'revoked' }))
  return unlessGone(voidTokens(parts, { ...change, reason: 'a token was revoked' }))
}

/** Finds the task of an opaque token. */
async function taskOfOpaque(
  parts: Pick<GrantParts, 'storage'>,
  token: string,
): Promise<Id<'task'> | undefined> {
  const { read } = parts.storage
  const access = opaqueDigest('remit_at', token)
  if (access !== undefined) return (await findBearerToken(read, access))?.taskId
  const refresh = opaqueDigest('remit_rt', token)
  return refresh === undefined ? undefined : (await findRefreshToken(read, refresh))?.taskId
}

/** Not verified yet: it only says which check to make. */
export function audienceOf(token: string): string | undefined {
  try {
    const { aud } = readObject(readCompact(token).payload, 'payload')
    return typeof aud === 'string' ? aud : undefined
  } catch {
    return undefined
  }
}

/** RFC 7009 section 2.2: what does not work any more is revoked. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  const unlessKnown = onProblem((problem) => {
    if (!['task.already_closed', 'task.unknown'].includes(problem.code)) throw problem
  })
  await work.catch(unlessKnown)
}
