import { sameBytes } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import {
  ADMINISTRATORS,
  findPerson,
  hasActiveMember,
  insertMember,
  type PeopleParts,
} from '../people/index.ts'
import { newToken, tokenDigest } from './token.ts'

export const SETUP_LINK_LIFE_MS = HOUR
/** Key of the one setup link in `meta`: there is one link at most. */
const KEY = 'people.setup_link'

/**
 * Tells whether someone can manage Remit. While no one can, the operator of the server may make a
 * setup link.
 */
export function hasAdministrator(parts: Pick<PeopleParts, 'storage'>): Promise<boolean> {
  return hasActiveMember(parts.storage.read, ADMINISTRATORS)
}

/**
 * Makes the link that turns the first person into an administrator: `<issuer>/setup/<token>`. The newest one counts,
 * once, for an hour, and only while there is no administrator. Show it to the person who starts the server and write it nowhere.
 * Throws `setup.closed`.
 */
export async function createSetupLink(
  parts: PeopleParts,
): Promise<{ token: Secret; expiresAt: number }> {
  const { token, digest } = newToken(parts.random)
  const expiresAt = parts.clock.now() + SETUP_LINK_LIFE_MS
  await parts.storage.transaction(async (tx) => {
    await requireNoAdministrator(tx)
    await writeSetupLink(tx, { digest, expiresAt })
    await parts.ledger.append(tx, { type: 'setup_link.created', by: 'operator' })
  })
  return { token, expiresAt }
}

/**
 * Tells whether the link would work now. Changes nothing: a link that is opened, or previewed by a
 * chat, is not used.
 */
export async function isSetupLink(
  parts: Pick<PeopleParts, 'storage' | 'clock'>,
  token: string,
): Promise<boolean> {
  const { read } = parts.storage
  return (
    (await matchingLink(read, token, parts.clock.now())) !== undefined &&
    !(await hasActiveMember(read, ADMINISTRATORS))
  )
}

/**
 * Makes a signed-in person the first administrator. Of any number of attempts with one link, one succeeds.
 * Throws `setup.link_invalid`, `setup.closed`, `person.unknown`, `person.suspended`.
 */
export async function redeemSetupLink(
  parts: PeopleParts,
  { token, personId }: { token: string; personId: string },
): Promise<void> {
  const change = await parts.storage.transaction(async (tx) => {
    const link = await matchingLink(tx, token, parts.clock.now())
    // The delete decides, not the look before it: of two that race, one deletes nothing.
    if (!link || !(await takeSetupLink(tx, link)))
      throw new Problem('setup.link_invalid', 'this link is unknown, used or older than an hour')
    await requireNoAdministrator(tx)
    const person = await findPerson(tx, personId)
    if (!person) throw new Problem('person.unknown', `there is no person \`${personId}\``)
    if (person.status !== 'active')
      throw new Problem('person.suspended', 'this person is suspended')
    await insertMember(tx, personId, ADMINISTRATORS, 'manual')
    const facts = { group: ADMINISTRATORS }
    await parts.ledger.append(tx, { type: 'setup_link.redeemed', person: personId, facts })
    return parts.live.raise(tx, [{ kind: 'person', id: personId }])
  })
  await parts.live.settle(change)
}

async function matchingLink(reader: Reader, token: string, now: number) {
  const digest = tokenDigest(token)
  const link = await readSetupLink(reader)
  if (!link || digest === undefined || link.expiresAt <= now) return undefined
  return sameBytes(Buffer.from(digest), Buffer.from(link.digest)) ? link : undefined
}

async function requireNoAdministrator(reader: Reader): Promise<void> {
  if (await hasActiveMember(reader, ADMINISTRATORS))
    throw new Problem('setup.closed', 'there is an administrator already')
}

interface SetupLink {
  readonly digest: string
  readonly expiresAt: number
}

async function readSetupLink(reader: Reader): Promise<SetupLink | undefined> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', KEY)
    .executeTakeFirst()
  const [digest, expiresAt] = row?.value.split(' ') ?? []
  return digest && expiresAt ? { digest, expiresAt: Number(expiresAt) } : undefined
}

/** Replaces the former link, if there is one. */
async function writeSetupLink(tx: Tx, link: SetupLink): Promise<void> {
  const value = text(link)
  await tx
    .insertInto('meta')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** True for exactly one caller. */
async function takeSetupLink(tx: Tx, link: SetupLink): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('meta')
    .where('key', '=', KEY)
    .where('value', '=', text(link))
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

function text(link: SetupLink): string {
  return `${link.digest} ${link.expiresAt}`
}
