import { announceKeys, withdrawTokensKey } from '../../keys/index.ts'
import type { CustodyParts } from './custody-parts.ts'
import { liveKey } from './live-key.ts'

/**
 * For a key that may be in other hands: it signs nothing more, and when this has returned no replica accepts a token that it
 * signed, whenever that was; streams begun with one are cut. Whoever verifies offline is bounded by the token's `exp` and by
 * how long it keeps our JWKS. Another key signs at once.
 * @throws Problem `keys.unknown`
 */
export async function withdrawKey(
  parts: CustodyParts,
  withdrawal: { readonly kid: string; readonly by: string; readonly reason: string },
): Promise<void> {
  const { by, kid, reason } = withdrawal
  const raised = await parts.storage.transaction(async (tx) => {
    const { made } = await withdrawTokensKey(tx, parts, kid)
    if (made !== undefined) await parts.live.begin(tx, liveKey(made))
    await parts.ledger.append(tx, {
      type: 'key.withdrawn',
      by,
      facts: { kid, ...(made === undefined ? {} : { made }) },
      private: { reason },
    })
    return parts.live.raise(tx, [{ ...liveKey(kid), state: 'ended' }])
  })
  announceKeys(parts.storage)
  await parts.live.settle(raised)
  await parts.keys.refresh()
}
