import type { Reader } from '../../platform/storage/index.ts'
import { type Basis, findBasis, inForce } from '../../tasks/consent/index.ts'
import { tasksOfConsent } from './authorization-store.ts'

/** A consent answers so many requests; then its person is asked again. */
const MAX_TASKS = 100

/**
 * A consent that may answer for its person once more.
 * INVARIANT: only while none of its tasks was stopped, and none had a limit that would start over: a closed or
 * suspended task does not go on by itself.
 */
export async function standingConsent(
  db: Reader,
  basisId: string,
  now: number,
): Promise<(Basis & { readonly expiresAt: number }) | undefined> {
  const basis = await findBasis(db, basisId)
  if (!basis || !inForce(basis, now) || basis.expiresAt === null) return undefined
  const tasks = await tasksOfConsent(db, basisId, MAX_TASKS)
  if (tasks.length === MAX_TASKS || !tasks.every(goesOn)) return undefined
  return { ...basis, expiresAt: basis.expiresAt }
}

function goesOn(task: Awaited<ReturnType<typeof tasksOfConsent>>[number]): boolean {
  const lives = task.state === 'open' || (task.state === 'closed' && task.close_reason === 'idle')
  return lives && task.budget === '[]'
}
