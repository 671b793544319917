import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import { type AttributeName, entriesOf, type PersonAttributes } from './attribute.ts'
import type { Person, PersonStatus } from './person.ts'

const PERSONS = codec('persons', 'groups_seen_at', 'attributes_seen_at').of<
  Omit<Person, 'groups' | 'confirmedAt'>
>({
  read: {
    attributes: ({ attributes }) =>
      attributes === null ? {} : (JSON.parse(attributes) as PersonAttributes), // as: written by writtenOf
  },
  write: { attributes: ({ attributes }) => writtenOf(attributes) },
})

/** The person, whatever the status; `undefined` when there is none. Works inside and outside a transaction. */
export async function findPerson(reader: Reader, id: string): Promise<Person | undefined> {
  return one(await withGroups(reader).where('persons.id', '=', id).execute())
}

/** The person a provider means by (issuer, subject). */
export async function findPersonBySubject(
  reader: Reader,
  issuer: string,
  subject: string,
): Promise<Person | undefined> {
  return one(
    await withGroups(reader)
      .where('persons.issuer', '=', issuer)
      .where('persons.subject', '=', subject)
      .execute(),
  )
}

/**
 * Finds all of this address, at one provider or at whichever; two are enough to know that it says
 * not whom.
 */
export async function findPersonsByEmail(
  reader: Reader,
  email: string,
  provider?: string,
): Promise<Person[]> {
  let ids = reader.selectFrom('persons').select('id').where('email', '=', email).limit(2)
  if (provider !== undefined) ids = ids.where('issuer', '=', provider)
  return gather(await withGroups(reader).where('persons.id', 'in', ids).execute())
}

/**
 * Finds all whose e-mail address, subject or name is exactly this, `MAX_CALLED` for each of the
 * three at most.
 */
export async function findPersonsCalled(reader: Reader, text: string): Promise<Person[]> {
  const persons = () => reader.selectFrom('persons').select('id').limit(MAX_CALLED)
  const issuers = reader.selectFrom('identity_providers').select('issuer')
  const found = await Promise.all([
    persons().where('email', '=', text).execute(),
    // A subject is looked for at each provider, as the index has them.
    persons().where('issuer', 'in', issuers).where('subject', '=', text).execute(),
    persons().where('name', '=', text).execute(),
  ])
  const ids = new Set(found.flat().map(({ id }) => id))
  if (ids.size === 0) return []
  return gather(
    await withGroups(reader)
      .where('persons.id', 'in', [...ids])
      .orderBy('persons.name')
      .orderBy('persons.id')
      .execute(),
  )
}

/** People that are looked up by a word: enough to know that it does not say whom. */
const MAX_CALLED = 20

/**
 * Lists up to `limit` people by name, optionally of one group, starting behind `after` (the last
 * person seen).
 */
export async function listPersons(
  reader: Reader,
  page: { limit: number; group?: string; after?: Pick<Person, 'name' | 'id'>; large?: number },
): Promise<Person[]> {
  const { limit, group, after, large = LARGE_GROUP } = page
  let ids = reader.selectFrom('persons').select('id').orderBy('name').orderBy('id').limit(limit)
  if (group !== undefined && !(await hasMoreThan(reader, group, large))) {
    ids = ids.where('id', 'in', (query) =>
      query.selectFrom('memberships').select('person_id').where('group_name', '=', group),
    )
  } else if (group !== undefined) {
    ids = ids.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('memberships')
          .select('person_id')
          .whereRef('memberships.person_id', '=', 'persons.id')
          .where('group_name', '=', group),
      ),
    )
  }
  if (after !== undefined) {
    ids = ids.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('name', 'id'), '>', tuple(after.name, after.id)),
    )
  }
  const rows = await withGroups(reader)
    .where('persons.id', 'in', ids)
    .orderBy('persons.name')
    .orderBy('persons.id')
    .execute()
  return gather(rows)
}

/** Members of which people are picked and put in order. Where there are more, people are gone through by name, and soon some are found. */
const LARGE_GROUP = 10_000

async function hasMoreThan(reader: Reader, group: string, count: number): Promise<boolean> {
  const row = await reader
    .selectFrom('memberships')
    .select('person_id')
    .where('group_name', '=', group)
    .orderBy('person_id')
    .limit(1)
    .offset(count)
    .executeTakeFirst()
  return row !== undefined
}

/** Answers the names of these people, by id; those who are not known are left out. */
export async function namesOfPersons(
  reader: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await reader
    .selectFrom('persons')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

export async function insertPerson(
  tx: Tx,
  person: Omit<Person, 'groups' | 'confirmedAt'> & {
    readonly groupsSeenAt: number | null
    readonly attributesSeenAt: number | null
  },
): Promise<void> {
  await tx
    .insertInto('persons')
    .values({
      ...PERSONS.write(person),
      groups_seen_at: person.groupsSeenAt,
      attributes_seen_at: person.attributesSeenAt,
    })
    .execute()
}

export async function updateProfile(
  tx: Tx,
  person: Pick<Person, 'attributes' | 'id' | 'name' | 'lastSeenAt'> & {
    readonly email: string | undefined
    readonly groupsSeen: boolean
    readonly attributesSeen: boolean
  },
): Promise<void> {
  await tx
    .updateTable('persons')
    .set({
      name: person.name,
      email: person.email ?? null,
      last_seen_at: person.lastSeenAt,
      attributes: writtenOf(person.attributes),
      ...(person.attributesSeen ? { attributes_seen_at: person.lastSeenAt } : {}),
      ...(person.groupsSeen ? { groups_seen_at: person.lastSeenAt } : {}),
    })
    .where('id', '=', person.id)
    .execute()
}

/** False when the person was not in the state `from`. */
export async function changePersonStatus(
  tx: Tx,
  id: string,
  from: PersonStatus,
  to: PersonStatus,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('persons')
    .set({ status: to })
    .where('id', '=', id)
    .where('status', '=', from)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Tells whether anyone who is not suspended is in the group. */
export async function hasActiveMember(reader: Reader, group: string): Promise<boolean> {
  const row = await reader
    .selectFrom('memberships')
    .innerJoin('persons', 'persons.id', 'memberships.person_id')
    .select('persons.id')
    .where('memberships.group_name', '=', group)
    .where('persons.status', '=', 'active')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Ids of active people in a group, at most so many; `undefined` when there is no such group. */
export async function activePeopleOf(
  reader: Reader,
  group: string,
  most: number,
): Promise<readonly string[] | undefined> {
  const rows = await reader
    .selectFrom('groups')
    .leftJoin('memberships', 'memberships.group_name', 'groups.name')
    .leftJoin('persons', (join) =>
      join.onRef('persons.id', '=', 'memberships.person_id').on('persons.status', '=', 'active'),
    )
    .select('persons.id')
    .distinct()
    .where('groups.name', '=', group)
    .limit(most)
    .execute()
  return rows.length === 0 ? undefined : rows.flatMap(({ id }) => id ?? [])
}

function writtenOf(attributes: PersonAttributes): string | null {
  return Object.keys(attributes).length === 0 ? null : JSON.stringify(attributes)
}

/**
 * Drops attributes that are not mapped any more from the people of a provider. Answers the ids of
 * those whom it changed.
 */
export async function dropAttributes(
  tx: Tx,
  issuer: string,
  dropped: readonly AttributeName[],
): Promise<string[]> {
  const rows = await tx
    .selectFrom('persons')
    .select(['id', 'attributes'])
    .where('issuer', '=', issuer)
    .where('attributes', 'is not', null)
    .execute()
  const changed: string[] = []
  for (const { attributes, id } of rows) {
    const known = JSON.parse(attributes ?? '{}') as PersonAttributes // written by writtenOf
    if (!dropped.some((name) => name in known)) continue
    const left = Object.fromEntries(entriesOf(known).filter(([name]) => !dropped.includes(name)))
    await tx
      .updateTable('persons')
      .set({ attributes: writtenOf(left) })
      .where('id', '=', id)
      .execute()
    changed.push(id)
  }
  return changed
}

function withGroups(reader: Reader) {
  return reader
    .selectFrom('persons')
    .leftJoin('memberships', 'memberships.person_id', 'persons.id')
    .selectAll('persons')
    .select('memberships.group_name')
}

type PersonWithGroup = Awaited<ReturnType<ReturnType<typeof withGroups>['execute']>>[number]

function one(rows: readonly PersonWithGroup[]): Person | undefined {
  return gather(rows)[0]
}

/** Rows of the join, one per membership, back to people; order kept. */
function gather(rows: readonly PersonWithGroup[]): Person[] {
  return [...Map.groupBy(rows, (row) => row.id).values()].flatMap((own) => {
    const [row] = own
    if (!row) return []
    const groups = new Set(own.flatMap(({ group_name }) => group_name ?? []))
    return {
      ...PERSONS.read(row),
      groups: [...groups].toSorted(),
      confirmedAt: Math.min(
        row.last_seen_at,
        row.groups_seen_at ?? row.last_seen_at,
        row.attributes_seen_at ?? row.last_seen_at,
      ),
    }
  })
}
