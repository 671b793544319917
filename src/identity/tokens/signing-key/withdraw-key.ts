import { announceKeys, withdrawTokensKey } from '../../../platform/keys/index.ts'
import type { CustodyParts } from './custody-parts.ts'
import { liveKey } from './live-key.ts'
import { rotateKey } from './rotate-key.ts'

/**
 * Withdraws a key that may be in other hands: it signs nothing more, and when this has returned no
 * replica accepts a token that it signed, whenever that was; streams begun with one are cut.
 * An API that verifies offline is bounded by the token's `exp` and by how long it keeps our JWKS.
 * Another key signs at once. That none can be made now is no reason to wait: then nothing signs,
 * until a rotation makes one.
 * @throws Problem `keys.unknown`
 */
export async function withdrawKey(
  parts: CustodyParts,
  withdrawal: { readonly kid: string; readonly by: string; readonly reason: string },
): Promise<void> {
  const { by, kid, reason } = withdrawal
  const { keys, storage } = parts
  // An external signer makes its key after the commit: the withdrawal does not wait for it.
  const spare = keys.makesHere ? await keys.make() : undefined
  const { key, raised } = await storage.lanes.revocation.transaction(async (tx) => {
    const withdrawn = await withdrawTokensKey(tx, parts.clock, { kid, spare })
    const made = withdrawn.replaced ? spare?.kid : undefined
    if (made !== undefined) await parts.live.begin(tx, liveKey(made))
    await parts.ledger.append(tx, {
      type: 'key.withdrawn',
      by,
      facts: { kid, ...(made === undefined ? {} : { made }) },
      private: { reason },
    })
    return {
      ...withdrawn,
      raised: await parts.live.raise(tx, [{ ...liveKey(kid), state: 'ended' }]),
    }
  })
  announceKeys(storage)
  await parts.live.settle(raised)
  await keys.refresh()
  if (!keys.list().some(({ state }) => state === 'signing'))
    await rotateKey(parts, { by }).catch(() => {}) // readiness says that nothing signs
  await keys.discard(key)
}
