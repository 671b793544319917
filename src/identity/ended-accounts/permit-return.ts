import { Problem } from '../../platform/lib/problem.ts'
import type { PeopleParts } from '../people/index.ts'
import { forgetSubject } from './ended-account-store.ts'

/**
 * Lets the human behind an erased account come back: the next sign-in makes a new person, with nothing of the old one.
 * @throws Problem `person.unknown`: no account of this id was erased
 */
export async function permitReturn(
  { ledger, storage }: Pick<PeopleParts, 'ledger' | 'storage'>,
  { by, personId }: { readonly personId: string; readonly by: string },
): Promise<void> {
  await storage.transaction(async (tx) => {
    if (!(await forgetSubject(tx, personId)))
      throw new Problem('person.unknown', `no account \`${personId}\` was erased`)
    await ledger.append(tx, { type: 'person.return_permitted', person: personId, by })
  })
}
