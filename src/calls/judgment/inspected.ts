import { type Leaf, leavesOf } from '../../approvals/index.ts'
import { kindAt } from '../../catalog/index.ts'
import type { Call } from '../../facts/index.ts'

/**
 * Every argument of a call, or nothing when some part of it is, or could be, something that policies do not see.
 * INVARIANT: a standing answer is only ever about calls that can be seen whole.
 */
export function inspectedOf({ action, ...call }: Call): readonly Leaf[] | undefined {
  const unseen = action.untyped.length > 0 || action.arguments.body.form === 'opaque'
  return unseen ? undefined : leavesOf(call.arguments, (path) => kindAt(action, path))
}
