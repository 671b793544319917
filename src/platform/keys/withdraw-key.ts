import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Tx } from '../storage/index.ts'
import type { StoredKey } from './signing-key.ts'
import { addKeyIfNone, deleteKey, readSigningKeys, retireAt } from './signing-key-store.ts'
import { ANNOUNCE_MS } from './signing-keys.ts'

export interface KeyWithdrawal {
  /** Key that was withdrawn. */
  readonly key: StoredKey
  /** True when the spare key was put in its place. */
  readonly replaced: boolean
}

/**
 * Takes a tokens key away for good: its private half is deleted, and it is published no more. If it was the one to sign now or
 * next, another is: the one that is announced already, or the spare one. Where it signs at once, a verifier that holds our JWKS
 * does not know it yet and has to read them again. Without a spare one, the one that would have retired goes on, or nothing signs.
 * Call `announceKeys` after the commit.
 * @throws Problem `keys.unknown`
 */
export async function withdrawTokensKey(
  tx: Tx,
  clock: Clock,
  { kid, spare }: { readonly kid: string; readonly spare: StoredKey | undefined },
): Promise<KeyWithdrawal> {
  const now = clock.now()
  const keys = (await readSigningKeys(tx)).filter(({ purpose }) => purpose === 'tokens')
  const key = keys.find((each) => each.kid === kid)
  if (!key) throw new Problem('keys.unknown', `no key \`${kid.slice(0, 64)}\` signs tokens`)
  await deleteKey(tx, kid)
  const left = keys.filter((each) => each !== key)
  if (left.some(({ retiredAt }) => retiredAt === null)) return { key, replaced: false }
  // The announced one is gone: the one that signs now goes on until its successor is known.
  const signs = left.find(({ retiredAt }) => retiredAt !== null && retiredAt > now)
  if (signs) await retireAt(tx, signs.kid, spare ? now + ANNOUNCE_MS : null)
  if (spare) await addKeyIfNone(tx, spare)
  return { key, replaced: spare !== undefined }
}
