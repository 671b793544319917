import { type Id, isId } from '../lib/id.ts'
import type { RefusalTally } from './refusal-tally.ts'
import type { RefusedCaller } from './repeat-window.ts'

/**
 * Form in which a refusal goes into the books: by itself, counted with others like it, or counted
 * as a stranger's.
 */
export type Bookkeeping =
  | { readonly as: 'record'; done(id: Id<'decision'>): void }
  | { readonly as: 'repeat'; readonly like: Id<'decision'> | undefined }
  | { readonly as: 'stranger' }

/** Tally that tells which refusals of a known caller have records of their own. */
export type CallerTally = Pick<RefusalTally, 'admits' | 'lastOf' | 'noteRecorded'>

/** Decides how a refusal of a known caller goes into the books, and counts it. */
export function bookkeepingOf(refusals: CallerTally, caller: RefusedCaller): Bookkeeping {
  if (refusals.admits(caller))
    return { as: 'record', done: (id) => refusals.noteRecorded(caller, id) }
  const last = refusals.lastOf(caller)
  return { as: 'repeat', like: isId('decision', last) ? last : undefined }
}
