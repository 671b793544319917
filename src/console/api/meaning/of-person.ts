import { findPerson, findPersonsByEmail } from '../../../identity/people/index.ts'
import type { ChangeSummary } from '../../../identity/sessions/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { reachOfPerson } from '../../reach/index.ts'
import type { ApiParts } from '../parts.ts'
import { openTasksFact } from './open-tasks.ts'
import { changedLines } from './reach-lines.ts'
import { said } from './words.ts'

export async function meaningOfResumedPerson(
  parts: Pick<ApiParts, 'decisions' | 'people'>,
  { params }: OperationInput,
): Promise<ChangeSummary> {
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  return {
    sentence: `Let what is done for ${person.name} continue`,
    facts: await openTasksFact(parts, { personId: person.id }),
  }
}

export async function meaningOfMember(
  parts: Pick<ApiParts, 'decisions' | 'people'>,
  { params }: OperationInput,
): Promise<ChangeSummary> {
  const group = said(params.name)
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  const groups = [...new Set([...person.groups, group])].toSorted()
  return {
    sentence: `Put ${person.name} into the group ${group}`,
    facts: [
      ['Person', `${person.name}${person.email === undefined ? '' : `, ${person.email}`}`],
      ['In groups now', person.groups.join(', ') || 'none'],
    ],
    consequences: changedLines(await reachOfPerson(parts.decisions, person, { ...person, groups })),
  }
}

export async function meaningOfPasskey(
  parts: Pick<ApiParts, 'people'>,
  { params }: OperationInput,
): Promise<ChangeSummary> {
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  return {
    sentence: `Let ${person.name} enrol a new first passkey`,
    facts: [
      ['Person', `${person.name}${person.email === undefined ? '' : `, ${person.email}`}`],
      [
        'Make sure',
        'that it was this person who asked you, not a stranger who can sign in as them',
      ],
    ],
  }
}

export async function meaningOfStandIn(
  parts: Pick<ApiParts, 'people'>,
  { body }: OperationInput,
): Promise<ChangeSummary> {
  const { read } = parts.people.storage
  const typed = said(body.stand_in)
  const found = [await findPerson(read, typed), ...(await findPersonsByEmail(read, typed))]
  const known = found.flatMap((each) => (each ? [`${each.name}, ${each.issuer}`] : []))
  return {
    sentence: `Let ${typed} answer for you`,
    facts: [
      ['Person', known.join(' or ') || 'no known person'],
      ['From', body.starts_at === undefined ? 'now' : said(body.starts_at)],
      ['Until', said(body.ends_at)],
    ],
    consequences: [
      'They answer the access requests of others that you may answer, unless a rule asks for you in person.',
      'You can end it at any time, and so can they.',
    ],
  }
}
