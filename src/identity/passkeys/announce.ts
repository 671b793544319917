import { utcMinute } from '../../platform/lib/duration.ts'
import { isId } from '../../platform/lib/id.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Announcement } from '../notifications/index.ts'
import { findPerson } from '../people/index.ts'
import type { PasskeyParts } from './passkey.ts'
import { findPasskey, findRecovery } from './passkey-store.ts'

/**
 * Announces a new passkey, or the permission for one, to its person: an act in their name
 * must not stay unnoticed. `undefined` when it is gone.
 */
export async function announcePasskey(
  { storage }: Pick<PasskeyParts, 'storage'>,
  id: string,
): Promise<Announcement | undefined> {
  const { read } = storage
  if (isId('passkey', id)) {
    const passkey = await findPasskey(read, id)
    if (!passkey || passkey.removedAt !== null) return undefined
    return announcement(read, passkey.personId, {
      title: 'A passkey was added for you',
      sentence: 'If this was not you, remove it, and tell an administrator.',
      fact: ['Name', passkey.name],
      expiresAt: passkey.createdAt + DAY,
    })
  }
  const recovery = await findRecovery(read, id)
  if (!recovery || recovery.endedAt !== null) return undefined
  return announcement(read, recovery.personId, {
    title: 'An administrator permitted a new first passkey for you',
    sentence: 'If you did not ask for it, refuse it on the page.',
    fact: ['Can be used from', utcMinute(recovery.usableFrom)],
    expiresAt: recovery.expiresAt,
  })
}

async function announcement(
  read: PasskeyParts['storage']['read'],
  personId: string,
  said: {
    title: string
    sentence: string
    fact: readonly [string, string]
    expiresAt: number
  },
): Promise<Announcement> {
  const person = await findPerson(read, personId)
  const { expiresAt, sentence, title } = said
  const [name, value] = said.fact
  return {
    recipients: person?.status === 'active' ? [person] : [],
    ...{ title, sentence, agent: '', expiresAt, path: '/passkeys' },
    facts: [{ name, value, foreign: true }],
  }
}
