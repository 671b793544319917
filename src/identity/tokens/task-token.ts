import type { Detail } from '@remit/engine'
import { type Id, isId } from '../../platform/lib/id.ts'
import {
  type AccessClaims,
  type Authentication,
  checkAccessToken,
  type MintedToken,
  type MintParts,
  mintAccessToken,
  type OwnTokens,
} from './access-token.ts'
import { malformedParties, type TokenParties, textMember } from './parties.ts'

/** Claims of a task token. Only Remit accepts it, and checks live state each time; so it has no epoch hash. */
export interface TaskTokenClaims extends AccessClaims {
  readonly task: {
    readonly id: Id<'task'>
    readonly purpose: string
    readonly parent?: Id<'task'>
  }
}

export interface TaskGrant {
  readonly parties: TokenParties
  readonly task: TaskTokenClaims['task']
  /** Details of all that was granted. */
  readonly details: readonly Detail[]
  readonly scope?: string
  readonly authentication?: Authentication
  readonly thumbprint: string
  /** The task's deadline, epoch milliseconds: the token lives as long. */
  readonly deadline: number
}

/** @throws Problem `token.expired`, `token.too_large`, `token.chain_too_deep` */
export function mintTaskToken(minting: MintParts, grant: TaskGrant): Promise<MintedToken> {
  const { deadline, ...rest } = grant
  return mintAccessToken(minting, { ...rest, audience: minting.issuer, expiresAt: deadline })
}

/** Token and claims only; liveness, key binding and proof are the caller's next checks. @throws Problem `token.…` */
export async function checkTaskToken(token: string, own: OwnTokens): Promise<TaskTokenClaims> {
  const { access, task } = await checkAccessToken(token, own.issuer, own)
  const { parent } = task
  if (parent !== undefined && !isId('task', parent))
    throw malformedParties('`task.parent` is not a task')
  if (task.ep !== undefined) throw malformedParties('it is a resource token')
  const purpose = textMember(task, 'purpose')
  return { ...access, task: { id: access.client_id, purpose, ...(parent && { parent }) } }
}
