import { namesPeople, type Resource } from '../catalog/index.ts'
import { isAttribute, type Person } from '../people/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import type { FurtherClaims, FurtherValue } from '../tokens/index.ts'
import type { Setting } from './setting.ts'

/** Setting of a token, as far as its further claims speak of it. */
export type ClaimSetting = Pick<Setting, 'person'> & Partial<Pick<Setting, 'agents' | 'where'>>

const MAX_TEXT = 1_024
const MAX_LIST = 100

/**
 * Says the further claims that a resource wants, of what is known now. A fact that is not there, or too large to be said whole, is left
 * out: half a list of groups would be another list.
 * INVARIANT: where people have a name for this API alone, nothing says who they are elsewhere.
 */
export function furtherClaims(
  setting: ClaimSetting,
  { task }: Pick<TaskLineage, 'task'>,
  { claims = [], subjects }: Pick<Resource, 'claims' | 'subjects'>,
): FurtherClaims {
  const said = claims.flatMap(({ claim, from }): [string, FurtherValue][] => {
    if (subjects === 'pairwise' && namesPeople(from)) return []
    const value = factOf(from, setting, task)
    return value === undefined || isTooLarge(value) ? [] : [[claim, value]]
  })
  return Object.fromEntries(said)
}

/** Answers the fact of a name that `CLAIM_SOURCES` has. */
function factOf(
  from: string,
  { agents, person, where }: ClaimSetting,
  { sponsored }: TaskLineage['task'],
): FurtherValue | undefined {
  // With nobody present, the person of the setting is the sponsor.
  if (from.startsWith('person.')) return sponsored ? undefined : ofPerson(from.slice(7), person)
  switch (from) {
    case 'space.id':
      return where?.line[0]?.id
    case 'space.title':
      return where?.line[0]?.title
    case 'thread.id':
      return where?.conversation?.thread.id
    case 'thread.name':
      return where?.conversation?.thread.name
    case 'agent.trust':
      return agents?.[0]?.trust
    case 'agent.owner':
      return agents?.[0]?.ownerId
    case 'sponsor.subject':
      return sponsored ? { iss: person.issuer, sub: person.subject } : undefined
    default:
      return undefined
  }
}

function ofPerson(
  name: string,
  { attributes, email, groups, name: called }: Person,
): FurtherValue | undefined {
  if (name === 'groups') return groups
  if (name === 'name') return called
  if (name === 'email') return email
  const attribute = name.replace(/^attributes\./, '')
  return isAttribute(attribute) ? attributes[attribute] : undefined
}

function isTooLarge(value: FurtherValue): boolean {
  if (typeof value === 'string') return value.length > MAX_TEXT
  if (typeof value !== 'object') return false
  const texts = 'iss' in value ? [value.iss, value.sub] : value
  return texts.length > MAX_LIST || texts.join('').length > MAX_TEXT * 4
}
