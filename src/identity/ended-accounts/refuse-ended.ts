import { createHmac } from 'node:crypto'
import type { MasterKey } from '../../platform/keys/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { Person } from '../people/index.ts'
import { hasSubject } from './ended-account-store.ts'

type DigestKeys = Pick<MasterKey, 'derive'>

/** Key that outlives the master key (`withLastingKeys`): a rotation lets no ended person back in. */
const PURPOSE = 'ended accounts'

/**
 * Refuses to make a new person of one whose account was erased: a suspended person could come back that way.
 * @throws Problem `person.ended`
 */
export async function refuseEnded(
  { master }: { readonly master: DigestKeys },
  db: Reader,
  { issuer, subject }: Pick<Person, 'issuer' | 'subject'>,
): Promise<void> {
  if (await hasSubject(db, issuer, endedSubject(master, { issuer, subject })))
    throw new Problem('person.ended', 'the account of this person has ended')
}

/** Text in place of an erased subject. Without the key, guesses cannot reveal whose it was. */
export function endedSubject(
  master: DigestKeys,
  { issuer, subject }: Pick<Person, 'issuer' | 'subject'>,
): string {
  const digest = createHmac('sha256', master.derive(PURPOSE))
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url')
  return `ended:${digest}`
}
