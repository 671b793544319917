import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import type { Tx } from '../storage/index.ts'
import type { MasterKey } from './sealing/key-ring.ts'
import { makeKey } from './signing-key.ts'
import { addKeyIfNone, deleteKey, readKeys, retireAt } from './signing-key-store.ts'
import { ANNOUNCE_MS } from './signing-keys.ts'

/**
 * Takes a tokens key away for good: its private half is deleted, and it is published no more. If it was the one to sign now or
 * next, another is: the one that is announced already, or a new one. Where it signs at once, a verifier that holds our JWKS
 * does not know it yet and has to read them again. Call `announceKeys` after the commit.
 * @throws Problem `keys.unknown`
 */
export async function withdrawTokensKey(
  tx: Tx,
  options: { readonly master: MasterKey; readonly clock: Clock; readonly random: Random },
  kid: string,
): Promise<{ readonly made: string | undefined }> {
  const now = options.clock.now()
  const keys = (await readKeys(tx)).filter(({ purpose }) => purpose === 'tokens')
  if (!keys.some((key) => key.kid === kid))
    throw new Problem('keys.unknown', `no key \`${kid.slice(0, 64)}\` signs tokens`)
  await deleteKey(tx, kid)
  const left = keys.filter((key) => key.kid !== kid)
  if (left.some(({ retiredAt }) => retiredAt === null)) return { made: undefined }
  const key = makeKey('tokens', options.master, options.random, now)
  // The announced one is gone: the one that signs now goes on until its successor is known.
  const signs = left.find(({ retiredAt }) => retiredAt !== null && retiredAt > now)
  if (signs) await retireAt(tx, signs.kid, now + ANNOUNCE_MS)
  await addKeyIfNone(tx, key)
  return { made: key.kid }
}
