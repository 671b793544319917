import { Problem } from '../../platform/lib/problem.ts'
import {
  deleteMapping,
  groupExists,
  insertMapping,
  keepingAdministrator,
  type PeopleParts,
  removeProviderMembers,
} from '../people/index.ts'
import { selectProvider } from './identity-provider-store.ts'

/** Lets a provider's group value count as a group of Remit's, from each person's next sign-in on. */
export async function mapGroup(
  parts: PeopleParts,
  mapping: Parameters<typeof insertMapping>[1] & { readonly by: string },
): Promise<void> {
  const { issuer, value, group, by } = mapping
  await parts.storage.transaction(async (tx) => {
    if (!(await selectProvider(tx, issuer)))
      throw new Problem('provider.unknown', `\`${issuer}\` is not a configured identity provider`)
    if (!(await groupExists(tx, group)))
      throw new Problem('group.unknown', `there is no group \`${group}\``)
    if (!(await insertMapping(tx, { issuer, value, group }))) return
    await parts.ledger.append(tx, { type: 'group.mapped', by, facts: { issuer, value, group } })
  })
}

/**
 * Ends a mapping, and at once the memberships of that provider's people in the group. A person in it by another
 * mapping is back at the next sign-in: we keep groups, not the values a provider sent.
 * Throws `person.last_administrator`.
 */
export async function unmapGroup(
  parts: PeopleParts,
  mapping: Parameters<typeof insertMapping>[1] & { readonly by: string },
): Promise<void> {
  const { issuer, value, group, by } = mapping
  const change = await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await deleteMapping(tx, { issuer, value, group }))) return undefined
    const members = await keepingAdministrator(tx, () => removeProviderMembers(tx, issuer, group))
    await parts.ledger.append(tx, {
      type: 'group.unmapped',
      by,
      facts: { issuer, value, group, members: members.length },
    })
    if (members.length === 0) return undefined
    return parts.live.raise(
      tx,
      members.map((id) => ({ kind: 'person', id })),
    )
  })
  if (change) await parts.live.settle(change)
}
