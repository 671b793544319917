import { readJoseHeader } from '../../../platform/jose/index.ts'
import type { SigningKeys } from '../../../platform/keys/index.ts'
import type { Live, LiveKey } from '../../../platform/revocation/index.ts'
import type { Tx } from '../../../platform/storage/index.ts'

/**
 * Answers the live key of the signing key of a token of ours. Whatever rests on the token depends
 * on it too: the signing key must not have been withdrawn. It is part of the same view as all the
 * rest, so that no replica accepts the token once a withdrawal has returned.
 * Only its header is read here: the token was checked before.
 * @throws Problem `token.malformed`
 */
export function signingKeyOf(token: string): LiveKey {
  return liveKey(readJoseHeader(token).kid ?? '')
}

export function liveKey(kid: string): LiveKey {
  return { kind: 'key', id: kid }
}

/**
 * Begins the life of keys that were made when there was no row for them yet, at every start.
 * Withdrawn keys stay withdrawn.
 */
export async function beginSigningKeys(
  tx: Tx,
  live: Pick<Live, 'begin'>,
  keys: Pick<SigningKeys, 'jwks'>,
): Promise<void> {
  for (const { kid } of keys.jwks().keys) await live.begin(tx, liveKey(kid))
}
