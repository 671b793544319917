import type { Certificate } from '../../identity/possession/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { codeOf } from '../../tasks/decision-log/index.ts'
import {
  callKeys,
  type FactParts,
  livenessOf,
  PAST_DEADLINE,
  proofStep,
  unusableBearer,
} from '../../tasks/facts/index.ts'
import { findTask, type Task } from '../../tasks/tasks/index.ts'
import { checkHolder, type Holder } from './holder.ts'
import { problemFor } from './refusal.ts'

/** Credential by which an agent says, at Remit itself, which task it speaks for. */
export interface TaskCredential {
  readonly token: string | undefined
  readonly scheme: 'DPoP' | 'Bearer' | undefined
  readonly proof: string | readonly string[] | undefined
  readonly certificate?: Certificate | undefined
  readonly method: string
  readonly url: string
}

/**
 * The task that a request at `/v1/tasks/…` speaks for, checked live; its proof is used up. `suspendedToo`: for acts that
 * only reduce, such as closing.
 * @throws Problem `token.…`, `proof.…`, `task.closed`, `task.suspended` and the like
 */
export async function requireTask(
  parts: FactParts,
  credential: TaskCredential,
  { suspendedToo = false }: { suspendedToo?: boolean } = {},
): Promise<Task> {
  const holder = await holderOf(parts, credential)
  // INVARIANT: what a stranger sends writes nothing, not even that its proof was used.
  if (holder.holds) {
    const done = await parts.storage.commit([proofStep(parts, holder.proof)])
    if (!done.committed) throw done.failed.problem()
  }
  if (!holder.holds) throw problemFor(holder.refusal)
  const { token } = credential
  const { task, chain, spaces } = holder.held
  const view = await parts.live.view(
    callKeys({
      ...{ task: task.id, person: task.personId, chain, spaces, token },
      issuers: task.issuers,
    }),
  )
  const dead = suspendedToo ? view.dead.filter(({ state }) => state === 'ended') : view.dead
  const alive = livenessOf({ dead })
  const gate = alive.passed && task.deadline <= parts.clock.now() ? PAST_DEADLINE : alive
  if (!gate.passed) throw new Problem(codeOf(gate.reason ?? ''), gate.detail)
  // The row, and not its kept copy: its state may have changed.
  return (await findTask(parts.storage.read, task.id)) ?? task
}

/**
 * A look at token and proof before the rest of a request is waited for. Those who pass it are asked again by `requireTask`: nothing of
 * theirs is used up. A proof that is refused is.
 * @throws Problem `token.…`, `proof.…`
 */
export async function requireHolder(parts: FactParts, credential: TaskCredential): Promise<void> {
  const holder = await holderOf(parts, credential)
  if (!holder.holds) throw problemFor(holder.refusal)
}

async function holderOf(parts: FactParts, credential: TaskCredential): Promise<Holder> {
  const { token, scheme } = credential
  if (token === undefined) throw new Problem('token.missing', 'the request has no access token')
  // RFC 8705 section 3: a token that is bound to a certificate comes as a bearer token.
  const certificate = scheme === 'Bearer' ? credential.certificate : undefined
  if (scheme !== 'DPoP' && !certificate) throw unusableBearer(token)
  const proof = certificate ? undefined : credential.proof
  return checkHolder(parts, {
    ...{ ...credential, certificate, proof, token },
    as: 'authorization',
  })
}
