import type { FactParts } from '../../facts/index.ts'
import type { VerifiedToken } from '../../issuers/index.ts'
import { findForeignTask, type TaskLineage } from '../../tasks/index.ts'

/** The task that a token opened. One that opened none yet opens it now, if that is said. */
export async function taskOfForeign(
  parts: FactParts,
  token: Pick<VerifiedToken, 'digest'>,
): Promise<TaskLineage | undefined>
export async function taskOfForeign(
  parts: FactParts,
  token: Pick<VerifiedToken, 'digest'>,
  open: () => Promise<void>,
): Promise<TaskLineage>
export async function taskOfForeign(
  parts: FactParts,
  { digest }: Pick<VerifiedToken, 'digest'>,
  open?: () => Promise<void>,
): Promise<TaskLineage | undefined> {
  const known = await parts.facts.foreign(digest)
  if (known !== undefined) return parts.facts.task(known)
  if (!open) return undefined
  await open()
  const opened = await findForeignTask(parts.storage.read, digest)
  const held = opened && (await parts.facts.task(opened))
  if (!held) throw new Error('a task is gone in the moment it was opened')
  return held
}
