import type { Detail } from '@remit/engine'
import {
  insertRefreshStep,
  newOpaqueToken,
  type RefreshToken,
} from '../../identity/opaque-tokens/index.ts'
import { type Proof, tokenTypeOf } from '../../identity/possession/index.ts'
import type { Guard, Step } from '../../platform/storage/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import type { GrantParts } from '../grants/index.ts'
import {
  aboutTask,
  type GrantAt,
  type GrantRefusal,
  grantAt,
  type IssuanceContext as IssuingBy,
  isRefused,
  mayIssueAt,
  resourceAccess,
} from '../issuance/index.ts'

/** A resource token of a task that a code opened, and the token that gets the next one. */
export interface InteractiveTokens {
  readonly outcome: 'issued'
  /** `DPoP`: bound to the task's key. `Bearer`: the client cannot prove possession. */
  readonly kind: 'DPoP' | 'Bearer'
  readonly token: string
  readonly expiresIn: number
  /** Absent where policies let none be issued. */
  readonly refreshToken: string | undefined
  readonly details: readonly Detail[]
  /** The actions that were granted, as scopes. */
  readonly scope: string
  readonly taskId: string
  /** Details that the client asked for by name and was not granted; left out: none. */
  readonly missing?: readonly Detail[]
}

export interface CodeIssuance {
  readonly clientId: string
  readonly resource: string
  /** Narrow this one token. */
  readonly details?: unknown
  readonly scope?: string | undefined
  readonly requireAll?: boolean | undefined
  /** Scope of the refresh token, the most that refreshing can get. Left out: the scope granted now. */
  readonly refreshScope?: string | null
  readonly proof: Proof | undefined
  readonly by: Pick<IssuingBy, 'grant' | 'origin'>
  /**
   * Refresh token that gets the next token: a new one, bound to this, or one that was given out
   * before.
   */
  readonly refresh: { readonly next: RefreshToken['boundTo'] } | { readonly same: string }
  /** The answer to the same question before may have been lost. */
  readonly repeats?: boolean
  /** Used up together with the issue; `refreshToken` is the answered one. */
  readonly steps: (refreshToken: string | undefined) => readonly Step[]
}

/**
 * Issues a resource token and the next refresh token, with their records, in one transaction. Something that changes while
 * they are issued needs no second look: the token carries the epochs that it was issued under and permits nothing under
 * others, and refreshing decides again.
 */
export async function issueTokens(
  parts: GrantParts,
  held: TaskLineage,
  asked: CodeIssuance,
): Promise<
  InteractiveTokens | GrantRefusal | { readonly outcome: 'failed'; readonly guard: Guard }
> {
  const { task } = held
  const issuing = { ...asked.by, bound: task.keyThumbprint !== null }
  const { details: wanted, requireAll, resource, scope: asking } = asked
  const of = { resource, details: wanted, scope: asking, requireAll, issuing }
  const at = await grantAt(parts, held, of)
  if (isRefused(at)) return at
  const { people } = at
  const noMore = await mayNotRefresh(parts, held, at, issuing)
  const scope = scopeOf(at.details)
  const { setting, view, details } = at
  // A client that authenticates may prove another key than the one that its task began with.
  const thumbprint = asked.proof?.thumbprint ?? task.keyThumbprint
  const issued = await resourceAccess(parts, held, {
    ...{ resource: at.resource, view, details, scope, setting, until: people.until },
    thumbprint,
  })
  const { expiresIn, id, token } = issued.token
  const { refreshToken, steps } = noMore
    ? { refreshToken: undefined, steps: [] }
    : nextRefreshToken(parts, held, { ...asked, refreshScope: asked.refreshScope ?? scope })
  const kind = tokenTypeOf(thumbprint)
  const answer: InteractiveTokens = {
    outcome: 'issued',
    ...{ kind, token, expiresIn, refreshToken, details, scope, taskId: task.id },
    ...(at.missing ? { missing: at.missing } : {}),
  }
  const done = await parts.live.commit(parts.storage, [
    ...asked.steps(refreshToken),
    ...people.steps,
    ...issued.steps,
    ...steps,
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: asked.repeats ? 'token.repeated' : 'token.issued',
      resource: at.resource.name,
      tokenId: id,
      thumbprint: asked.proof?.thumbprint,
    }),
  ])
  if (!done.committed) return { outcome: 'failed', guard: done.failed }
  return answer
}

/** INVARIANT: a refresh for a group is decided for each member that the token is about. */
async function mayNotRefresh(
  parts: Pick<GrantParts, 'catalog' | 'clock' | 'policies' | 'storage'>,
  held: TaskLineage,
  { details, people, resource, setting }: GrantAt,
  issuing: IssuingBy,
): Promise<boolean> {
  const { byIdentifier } = await parts.catalog.current()
  const about = resource.members ? details.flatMap(({ locations }) => locations) : []
  const members = about.map((location) => byIdentifier.get(location)?.name ?? location)
  for (const name of new Set([resource.name, ...members])) {
    const of = { held, resource: name, setting }
    if (await mayIssueAt(parts, of, 'refresh_token', issuing, people.lifted)) return true
  }
  return false
}

function nextRefreshToken(
  { clock, random, storage }: Pick<GrantParts, 'clock' | 'random' | 'storage'>,
  { task }: TaskLineage,
  { clientId, refresh, refreshScope = null, resource }: CodeIssuance,
): { readonly refreshToken: string; readonly steps: readonly Step[] } {
  if ('same' in refresh) return { refreshToken: refresh.same, steps: [] }
  const { digest, token } = newOpaqueToken('remit_rt', random)
  const step = insertRefreshStep(storage.read, {
    ...{ digest, clientId, resource, taskId: task.id, scope: refreshScope, boundTo: refresh.next },
    ...{ issuedAt: clock.now(), expiresAt: task.deadline, usedAt: null, successor: null },
  })
  return { refreshToken: token, steps: [step] }
}

function scopeOf(details: readonly Detail[]): string {
  return [...new Set(details.flatMap(({ actions }) => actions))].join(' ')
}
