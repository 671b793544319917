import type { VerifiedToken } from '../../../identity/issuers/index.ts'
import type { FactParts } from '../../../tasks/facts/index.ts'
import { findForeignTask, type TaskLineage } from '../../../tasks/tasks/index.ts'
import type { GrantRefusal } from '../../issuance/index.ts'

/** The task that a token opened. One that opened none yet opens it now, if that is said. */
export async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  token: Pick<VerifiedToken, 'digest'>,
): Promise<TaskLineage | undefined>
export async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  token: Pick<VerifiedToken, 'digest'>,
  open: () => Promise<GrantRefusal | undefined>,
): Promise<TaskLineage | GrantRefusal>
export async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  { digest }: Pick<VerifiedToken, 'digest'>,
  open?: () => Promise<GrantRefusal | undefined>,
): Promise<TaskLineage | GrantRefusal | undefined> {
  const known = await parts.facts.foreign(digest)
  if (known !== undefined) return parts.facts.task(known)
  if (!open) return undefined
  const refusal = await open()
  if (refusal) return refusal
  const opened = await findForeignTask(parts.storage.read, digest)
  const held = opened && (await parts.facts.task(opened))
  if (!held) throw new Error('a task is gone in the moment it was opened')
  return held
}
