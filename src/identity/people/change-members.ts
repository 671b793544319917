import { Problem } from '../../platform/lib/problem.ts'
import { insertMember, removeMember } from './group-store.ts'
import { keepingAdministrator } from './last-administrator.ts'
import type { PeopleParts } from './parts.ts'
import { findPerson } from './person-store.ts'

interface Membership {
  readonly personId: string
  readonly group: string
  readonly by: string
}

/** Puts a person into a group by an administrator's word; stays whatever the provider says. Throws `person.unknown`, `group.unknown`. */
export async function addMember(parts: PeopleParts, membership: Membership): Promise<void> {
  await changeMember(parts, membership, 'group.member_added', insertMember)
}

/** Takes back what `addMember` gave. A membership through a mapping is not touched. Throws `person.unknown`, `person.last_administrator`. */
export async function dropMember(parts: PeopleParts, membership: Membership): Promise<void> {
  await changeMember(parts, membership, 'group.member_removed', removeMember)
}

async function changeMember(
  parts: PeopleParts,
  { personId, group, by }: Membership,
  type: string,
  change: typeof insertMember,
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const person = await findPerson(tx, personId)
    if (!person) throw new Problem('person.unknown', `there is no person \`${personId}\``)
    const changed = await keepingAdministrator(tx, () => change(tx, personId, group, 'manual'))
    if (!changed) return undefined
    await parts.ledger.append(tx, { type, person: personId, by, facts: { group } })
    return parts.live.raise(tx, [{ kind: 'person', id: personId }])
  })
  if (raised) await parts.live.settle(raised)
}
