import type { Detail } from '@remit/engine'
import { mintTaskToken } from '../../../identity/tokens/index.ts'
import type { Step } from '../../../platform/storage/index.ts'
import { minting, tokenParties } from '../../../tasks/facts/index.ts'
import { closeUnanswered, type Task, type TaskLineage } from '../../../tasks/tasks/index.ts'
import {
  aboutTask,
  type GrantRefusal,
  grantAt,
  grantedScope,
  isRefused,
  type MissingAuthority,
  refused,
  resourceAccess,
} from '../../issuance/index.ts'
import type { MissingDetails, OpenedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import type { GrantedAuthority } from '../pipeline/grant.ts'

/** The part of a request that its answer depends on. */
interface WantedToken {
  readonly resource?: string | undefined
  readonly scope?: string | undefined
}

/**
 * The task has begun: its token, or the one resource token that was requested. When something it depends on really changed
 * meanwhile, or that is not known, the task is closed again before any client hears of it, and a person's consent or approval is given
 * back (`returns`). A lease that merely ran out is taken again.
 */
export async function answerOpening(
  parts: GrantParts,
  wanted: WantedToken,
  held: TaskLineage,
  {
    grant,
    question,
    returns,
  }: {
    readonly grant: AnswerGrant
    /** Question to the person about what the grant lacks. */
    readonly question?: MissingDetails['question']
    readonly returns: readonly Step[]
  },
): Promise<OpenedTask | GrantRefusal> {
  const close = (reason: 'failed' | 'overtaken') =>
    closeUnanswered(parts, held.task.id, reason, returns)
  const token = await tokenUnder(parts, wanted, held, grant).catch(async (error: unknown) => {
    await close('failed')
    throw error
  })
  if (token !== undefined && !isRefused(token))
    return {
      outcome: 'opened',
      task: held.task,
      chain: held.chain,
      ...token,
      ...(grant.delegatesAsked ? { mayDelegate: held.task.mayDelegate } : {}),
      ...(grant.missing ? { missing: missingDetails(grant.missing, question) } : {}),
    }
  await close('overtaken')
  return token ?? TASK_OVERTAKEN
}

export const TASK_OVERTAKEN = refused(
  'task.overtaken',
  'something it depends on changed while the task was opening',
)

/** The token, of which nothing is told unless all holds in the same moment; `undefined`: something changed. */
async function tokenUnder(
  parts: GrantParts,
  wanted: WantedToken,
  held: TaskLineage,
  grant: AnswerGrant,
): Promise<Token | GrantRefusal | undefined> {
  const token = await tokenOf(parts, wanted, held, grant)
  return isRefused(token) || (await parts.live.stillHold(grant.views)) ? token : undefined
}

/** Parts of a grant that the answer needs. */
export type AnswerGrant = Pick<
  GrantedAuthority,
  'details' | 'delegatesAsked' | 'missing' | 'person' | 'views' | 'issuing'
>

function missingDetails(
  { askable, never }: MissingAuthority,
  question: MissingDetails['question'],
): MissingDetails {
  return { details: [...askable, ...never], ...(question ? { question } : {}) }
}

type Token = Pick<OpenedTask, 'kind' | 'token' | 'details' | 'scope'>

async function tokenOf(
  parts: GrantParts,
  wanted: WantedToken,
  held: TaskLineage,
  grant: AnswerGrant,
): Promise<Token | GrantRefusal> {
  const { resource } = wanted
  if (resource === undefined) return taskToken(parts, wanted, held, grant)
  return resourceToken(parts, { ...wanted, resource }, held, grant)
}

async function taskToken(
  parts: GrantParts,
  wanted: WantedToken,
  held: TaskLineage,
  { details, person }: AnswerGrant,
): Promise<Token> {
  const { task } = held
  const scope = await scopeOf(parts, wanted, details)
  const token = await mintTaskToken(minting(parts), {
    parties: tokenParties(parts, held, { person }, undefined),
    task: {
      id: task.id,
      purpose: task.purpose,
      ...(task.parentId === null ? {} : { parent: task.parentId }),
    },
    details,
    ...scope,
    authentication: task,
    thumbprint: taskKeyThumbprint(task),
    deadline: task.deadline,
  })
  return { kind: 'task', token, details, ...scope }
}

async function resourceToken(
  parts: GrantParts,
  wanted: WantedToken & { readonly resource: string },
  held: TaskLineage,
  { issuing }: AnswerGrant,
): Promise<Token | GrantRefusal> {
  const { task } = held
  const at = await grantAt(parts, held, { resource: wanted.resource, issuing })
  if (isRefused(at)) return at
  const scope = await scopeOf(parts, wanted, at.details)
  const { details, resource, view } = at
  const { token, steps } = await resourceAccess(parts, held, {
    ...{ resource, view, details, setting: at.setting, ...scope },
    thumbprint: task.keyThumbprint,
  })
  const thumbprint = task.keyThumbprint ?? undefined
  const issued = { resource: resource.name, tokenId: token.id, thumbprint }
  await parts.live.commit(parts.storage, [
    ...steps,
    parts.ledger.appendStep({ ...aboutTask(held), type: 'token.issued', ...issued }),
  ])
  return { kind: 'resource', token, details, ...scope }
}

async function scopeOf(
  { catalog }: Pick<GrantParts, 'catalog'>,
  { scope: asked }: WantedToken,
  details: readonly Detail[],
): Promise<{ scope?: string }> {
  const scope = grantedScope(asked, details, await catalog.current())
  return scope === undefined ? {} : { scope }
}

/** Takes the key of the task, which has one where its tokens are bound. */
function taskKeyThumbprint({ keyThumbprint }: Task): string {
  if (keyThumbprint === null) throw new TypeError('a bound token for a task without a key')
  return keyThumbprint
}
