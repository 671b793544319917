import { announceKeys, rotateTokensKey } from '../../keys/index.ts'
import type { CustodyParts } from './custody-parts.ts'
import { liveKey } from './live-key.ts'

/**
 * Begins a rotation of the key that signs tokens: the new one is published at once and signs ten minutes later, when everyone
 * can know it; what the old one signed stays good. `signsFrom` in epoch milliseconds.
 * @throws Problem `keys.rotation_under_way`
 */
export async function rotateKey(
  parts: CustodyParts,
  { by }: { readonly by: string },
): Promise<{ kid: string; signsFrom: number }> {
  const made = await parts.storage.transaction(async (tx) => {
    const key = await rotateTokensKey(tx, parts)
    await parts.live.begin(tx, liveKey(key.kid))
    await parts.ledger.append(tx, {
      type: 'key.rotated',
      by,
      facts: { kid: key.kid, signs_from: key.signsFrom },
    })
    return key
  })
  announceKeys(parts.storage)
  await parts.keys.refresh()
  return made
}
