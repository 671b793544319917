import type { Detail } from '@remit/engine'
import { base64url } from '../../lib/bytes.ts'
import type { Step } from '../../storage/index.ts'
import {
  insertBearerStep,
  insertRefreshStep,
  mintResourceToken,
  newOpaqueToken,
  type Proof,
  RESOURCE_TOKEN_LIFE_MS,
} from '../../tokens/index.ts'
import type { HeldTask } from '../facts.ts'
import { aboutTask, type GrantAt, grantAt } from '../issue-resource-token.ts'
import { minting, partiesOf } from '../minting.ts'
import type { Refused } from '../opening/opening.ts'
import { isRefused } from '../opening/wanted.ts'
import type { DecisionParts } from '../parts.ts'

/** A resource token of a task that a code opened, and the token that gets the next one. */
export interface InteractiveTokens {
  readonly outcome: 'issued'
  /** `DPoP`: bound to the task's key. `Bearer`: the client cannot prove possession. */
  readonly kind: 'DPoP' | 'Bearer'
  readonly token: string
  readonly expiresIn: number
  readonly refreshToken: string
  readonly details: readonly Detail[]
  /** The actions that were granted, as scopes. */
  readonly scope: string
  readonly taskId: string
}

export interface Issuing {
  readonly clientId: string
  readonly resource: string
  /** Narrows this one token. */
  readonly scope?: string | undefined
  /** What refreshing can get at most; what is granted now, when left out. */
  readonly family?: string | null
  readonly proof: Proof | undefined
  /** Used up together with the issue. */
  readonly steps: readonly Step[]
}

/**
 * Issues a resource token and the next refresh token, with their records, in one transaction. Something that changes while
 * they are issued needs no second look: the token carries the epochs that it was issued under and permits nothing under
 * others, and refreshing finds out anew.
 */
export async function issueTokens(
  parts: DecisionParts,
  held: HeldTask,
  asked: Issuing,
): Promise<InteractiveTokens | Refused | { readonly outcome: 'failed'; readonly guard: string }> {
  const at = await grantAt(parts, held, { resource: asked.resource, scope: asked.scope })
  if (isRefused(at)) return at
  const { task } = held
  const scope = scopeOf(at.details)
  const access =
    task.keyThumbprint === null
      ? bearer(parts, held, at, asked.resource)
      : await bound(parts, held, at, { resource: asked.resource, thumbprint: task.keyThumbprint })
  const refresh = newOpaqueToken('remit_rt', parts.random)
  const now = parts.clock.now()
  const done = await parts.storage.commit([
    ...asked.steps,
    ...access.steps,
    insertRefreshStep(parts.storage.read, {
      digest: refresh.digest,
      taskId: task.id,
      clientId: asked.clientId,
      resource: asked.resource,
      scope: asked.family ?? scope,
      issuedAt: now,
      expiresAt: task.deadline,
      usedAt: null,
    }),
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'token.issued',
      resource: at.resource,
      tokenId: access.id,
      thumbprint: asked.proof?.thumbprint,
    }),
  ])
  if (!done.committed) return { outcome: 'failed', guard: done.failed }
  const { kind, token, expiresIn } = access
  const { details } = at
  return {
    outcome: 'issued',
    ...{ kind, token, expiresIn, refreshToken: refresh.token, details, scope, taskId: task.id },
  }
}

type Access = Pick<InteractiveTokens, 'kind' | 'token' | 'expiresIn'> & {
  readonly id: string
  readonly steps: readonly Step[]
}

function bearer(parts: DecisionParts, { task }: HeldTask, at: GrantAt, resource: string): Access {
  const { token, digest } = newOpaqueToken('remit_at', parts.random)
  const id = base64url(parts.random.bytes(16))
  const now = parts.clock.now()
  const expiresAt = Math.min(now + RESOURCE_TOKEN_LIFE_MS, task.deadline)
  const { details, view } = at
  const row = { digest, id, taskId: task.id, resource, epochs: view.hash, details }
  const step = insertBearerStep(parts.storage.read, { ...row, issuedAt: now, expiresAt })
  const expiresIn = Math.floor((expiresAt - now) / 1000)
  return { kind: 'Bearer', token, expiresIn, id, steps: [step] }
}

async function bound(
  parts: DecisionParts,
  held: HeldTask,
  at: GrantAt,
  to: { readonly resource: string; readonly thumbprint: string },
): Promise<Access> {
  const { task } = held
  const minted = await mintResourceToken(minting(parts), {
    parties: partiesOf(held, at.setting),
    task: { id: task.id, purpose: task.purpose, ep: at.view.hash },
    details: at.details,
    scope: scopeOf(at.details),
    notAfter: task.deadline,
    ...to,
  })
  return { kind: 'DPoP', ...minted, steps: [] }
}

function scopeOf(details: readonly Detail[]): string {
  return [...new Set(details.flatMap(({ actions }) => actions))].join(' ')
}
