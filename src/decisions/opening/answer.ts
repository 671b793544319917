import type { Detail } from '@remit/engine'
import { closeTask } from '../../tasks/index.ts'
import { type Minted, mintResourceToken, mintTaskToken } from '../../tokens/index.ts'
import type { HeldTask } from '../facts.ts'
import { aboutTask, grantAt } from '../issue-resource-token.ts'
import { minting, partiesOf } from '../minting.ts'
import type { DecisionParts } from '../parts.ts'
import type { Granted } from './grant.ts'
import { type Opened, type Opening, type Refused, refused } from './opening.ts'
import { grantedScope, isRefused } from './wanted.ts'

/**
 * The task has begun: its token, or the one resource token that was asked for. When something it depends on changed
 * meanwhile, the task is closed again before anyone hears of it.
 */
export async function answerOpening(
  parts: DecisionParts,
  opening: Opening,
  held: HeldTask,
  grant: Granted,
): Promise<Opened | Refused> {
  const token =
    opening.resource === undefined
      ? await taskToken(parts, opening, held, grant)
      : await resourceToken(parts, { ...opening, resource: opening.resource }, held, grant)
  // INVARIANT: nothing awaits between this check and the answer.
  if (!isRefused(token) && grant.views.every((view) => parts.live.holds(view)))
    return { outcome: 'opened', task: held.task, chain: held.chain, ...token }
  await closeTask(parts, { taskId: held.task.id, by: 'system', reason: 'overtaken' })
  return refused('task.overtaken', 'something it depends on changed while the task was opening')
}

type Token = Pick<Opened, 'kind' | 'token' | 'details' | 'scope'>

async function taskToken(
  parts: DecisionParts,
  opening: Opening,
  held: HeldTask,
  { details, person }: Granted,
): Promise<Token> {
  const { task } = held
  const scope = scopeOf(opening, details)
  const token = await mintTaskToken(minting(parts), {
    parties: partiesOf(held, { person }),
    task: { id: task.id, purpose: task.purpose },
    details,
    ...scope,
    thumbprint: keyOf(task),
    deadline: task.deadline,
  })
  return { kind: 'task', token, details, ...scope }
}

async function resourceToken(
  parts: DecisionParts,
  opening: Opening & { readonly resource: string },
  held: HeldTask,
  { person }: Granted,
): Promise<Token | Refused> {
  const { task } = held
  const at = await grantAt(parts, held, { resource: opening.resource })
  if (isRefused(at)) return at
  const scope = scopeOf(opening, at.details)
  const token: Minted = await mintResourceToken(minting(parts), {
    parties: partiesOf(held, { person }),
    task: { id: task.id, purpose: task.purpose, ep: at.view.hash },
    resource: opening.resource,
    details: at.details,
    ...scope,
    thumbprint: keyOf(task),
    notAfter: task.deadline,
  })
  const issued = { resource: at.resource, tokenId: token.id, thumbprint: keyOf(task) }
  await parts.storage.commit([
    parts.ledger.appendStep({ ...aboutTask(held), type: 'token.issued', ...issued }),
  ])
  return { kind: 'resource', token, details: at.details, ...scope }
}

function scopeOf(opening: Opening, details: readonly Detail[]): { scope?: string } {
  const scope = grantedScope(opening.scope, details)
  return scope === undefined ? {} : { scope }
}

/** Whoever is given a token that is bound to a key has a key. */
function keyOf({ keyThumbprint }: HeldTask['task']): string {
  if (keyThumbprint === null) throw new TypeError('a bound token for a task without a key')
  return keyThumbprint
}
