import { type SealCounts, type SealingParts, sealAgain } from '../../../platform/keys/index.ts'
import type { CustodyParts } from './custody-parts.ts'

/**
 * Seals everything with the master key that seals now; see `keys/sealing`. When nothing is left that another one sealed, that other one
 * can go. Answers how it is then.
 */
export async function sealEverythingAgain(
  parts: CustodyParts & Pick<SealingParts, 'columns'>,
  { by }: { readonly by: string },
): Promise<readonly SealCounts[]> {
  const sealed = await sealAgain(parts)
  const left = sealed.reduce((sum, { before, unreadable }) => sum + before + unreadable, 0)
  await parts.storage.transaction(async (tx) => {
    await parts.ledger.append(tx, {
      type: 'master_key.sealed_again',
      by,
      facts: { key: parts.master.ids[0] ?? '', left },
    })
  })
  return sealed
}
