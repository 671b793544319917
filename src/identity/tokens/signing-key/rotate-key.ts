import { announceKeys, rotateTokensKey } from '../../../platform/keys/index.ts'
import type { CustodyParts } from './custody-parts.ts'
import { liveKey } from './live-key.ts'

/**
 * Begins a rotation of the key that signs tokens: the new one is published at once and signs ten minutes later, when everyone
 * can know it; what the old one signed stays good. `signsFrom` in epoch milliseconds.
 * @throws Problem `keys.rotation_under_way`, `keys.signer_…` when new keys are made elsewhere
 */
export async function rotateKey(
  parts: CustodyParts,
  { by }: { readonly by: string },
): Promise<{ kid: string; signsFrom: number }> {
  const { keys, storage } = parts
  const key = await keys.make()
  let made: { kid: string; signsFrom: number }
  try {
    made = await storage.transaction(async (tx) => {
      const rotated = await rotateTokensKey(tx, parts.clock, key)
      await parts.live.begin(tx, liveKey(key.kid))
      await parts.ledger.append(tx, {
        type: 'key.rotated',
        by,
        facts: { kid: key.kid, signs_from: rotated.signsFrom, custody: key.custody },
      })
      return rotated
    })
  } catch (error) {
    await keys.discard(key)
    throw error
  }
  announceKeys(storage)
  await keys.refresh()
  return made
}
