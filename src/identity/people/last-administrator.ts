import { Problem } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { ADMINISTRATORS } from './person.ts'
import { hasActiveMember } from './person-store.ts'

/**
 * An act that takes something from people, in the transaction `tx`.
 * INVARIANT: no such act leaves Remit without an administrator who can sign in; of two that would do it together, one is refused
 * (transactions are serialisable). What a provider says about its own people is obeyed all the same: it only ever reduces,
 * and a setup link makes a new administrator then.
 * @throws Problem `person.last_administrator`: nothing is changed
 */
export async function keepingAdministrator<T>(tx: Tx, act: () => Promise<T>): Promise<T> {
  const before = await hasActiveMember(tx, ADMINISTRATORS)
  const done = await act()
  if (before && !(await hasActiveMember(tx, ADMINISTRATORS))) {
    throw new Problem(
      'person.last_administrator',
      'this is the last administrator: make someone else an administrator first',
    )
  }
  return done
}
