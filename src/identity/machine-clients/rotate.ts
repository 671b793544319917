import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { changed, keyTaken, requireClient } from './change-client.ts'
import { type ClientCredential, credentialsKey } from './client.ts'
import { endAt, insertCredential, listCredentials } from './credential-store.ts'
import { newKeyCredential, newSecretCredential } from './new-credential.ts'
import type { ClientChange, ClientParts } from './parts.ts'

const MAX_OVERLAP_MS = 30 * DAY
const MAX_KEYS = 8

/**
 * Makes a new secret. The one before it stays valid until the time given, at most 30 days, or ends at once; older ones end in
 * any case. So at most two secrets are valid at a time.
 * @throws Problem `client.unknown`, `client.bad_rotation`
 */
export async function rotateSecret(
  parts: ClientParts,
  change: ClientChange & { readonly previousEndsAt?: number | undefined },
): Promise<{ credential: ClientCredential; secret: Secret }> {
  const { by, id } = change
  const now = parts.clock.now()
  const { previousEndsAt = now } = change
  if (!(previousEndsAt >= now && previousEndsAt <= now + MAX_OVERLAP_MS))
    throw new Problem('client.bad_rotation', 'the previous secret ends within 30 days from now')
  return changed(parts, credentialsKey(id), async (tx) => {
    const { kind } = await requireClient(tx, id)
    const [previous, ...older] = (await inUse(tx, id, now))
      .filter((each) => each.kind === 'secret')
      .toSorted(
        (a, b) => (b.endsAt ?? Number.POSITIVE_INFINITY) - (a.endsAt ?? Number.POSITIVE_INFINITY),
      )
    const ends = Math.min(previousEndsAt, previous?.endsAt ?? previousEndsAt)
    if (previous) await endAt(tx, previous.id, ends)
    for (const each of older) await endAt(tx, each.id, now)
    const made = newSecretCredential(parts, change, kind)
    await insertCredential(tx, made.credential)
    const facts = { client: id, kind, credential: made.credential.id, credential_kind: 'secret' }
    const told = previous ? { ...facts, previous: previous.id, previous_ends_at: ends } : facts
    return [made, { type: 'client.credential_added', by, facts: told }]
  })
}

/**
 * Registers a public key (JWK) beside those there are; its holder signs what it authenticates with.
 * @throws Problem `client.unknown`, `client.bad_key`, `client.too_many_credentials`
 */
export async function addClientKey(
  parts: ClientParts,
  change: ClientChange & { readonly jwk: unknown },
): Promise<ClientCredential> {
  const { by, id, jwk } = change
  const credential = newKeyCredential(parts, change, jwk)
  return changed(parts, credentialsKey(id), async (tx) => {
    const { kind } = await requireClient(tx, id)
    const keys = (await inUse(tx, id, parts.clock.now())).filter((each) => each.kind === 'key')
    if (keys.length >= MAX_KEYS)
      throw new Problem(
        'client.too_many_credentials',
        `at most ${MAX_KEYS} keys are in use at once`,
      )
    if (!(await insertCredential(tx, credential))) throw keyTaken()
    const facts = { client: id, kind, credential: credential.id, credential_kind: 'key' }
    return [credential, { type: 'client.credential_added', by, facts }]
  })
}

/** Revokes a secret or a key. When this has returned, no replica accepts it. @throws Problem `client.unknown_credential` */
export async function endCredential(
  parts: ClientParts,
  { by, credential: credentialId, id }: ClientChange & { readonly credential: string },
): Promise<void> {
  const now = parts.clock.now()
  await changed(parts, credentialsKey(id), async (tx) => {
    const found = (await inUse(tx, id, now)).find((each) => each.id === credentialId)
    if (!found)
      throw new Problem('client.unknown_credential', `\`${id}\` has no such credential in use`)
    await endAt(tx, credentialId, now)
    return [
      undefined,
      { type: 'client.credential_ended', by, facts: { client: id, credential: credentialId } },
    ]
  })
}

async function inUse(tx: Tx, id: string, now: number): Promise<readonly ClientCredential[]> {
  const all = await listCredentials(tx, id)
  return all.filter(({ endsAt }) => endsAt === null || endsAt > now)
}
