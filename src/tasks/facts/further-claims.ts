import type { Resource } from '../../catalog/catalog/index.ts'
import { isAttribute, type Person } from '../../identity/people/index.ts'
import type { FurtherClaims, FurtherValue } from '../../identity/tokens/index.ts'
import type { CelValue } from '../../platform/cel/index.ts'
import { ExactNumber } from '../../platform/lib/json.ts'
import type { TaskLineage } from '../tasks/index.ts'
import { claimEvaluation, isExpression } from './claim-expressions.ts'
import { namesPeople } from './claim-sources.ts'
import type { Setting } from './setting.ts'

/** Setting of a token, as far as its further claims speak of it. */
export type ClaimSetting = Pick<Setting, 'person'> & Partial<Pick<Setting, 'agents' | 'where'>>

const MAX_TEXT = 1_024
const MAX_LIST = 100

/**
 * Says the further claims that a resource wants, from the facts known now. A fact that is not there, or too large to be said whole, is left
 * out: half a list of groups would be another list.
 * INVARIANT: where people have a name for this API alone, nothing says who they are elsewhere.
 */
export function furtherClaims(
  setting: ClaimSetting,
  { task }: Pick<TaskLineage, 'task'>,
  { claims = [], subjects }: Pick<Resource, 'claims' | 'subjects'>,
): FurtherClaims {
  const fact = (from: string) =>
    subjects === 'pairwise' && namesPeople(from) ? undefined : factOf(from, setting, task)
  const evaluate = claims.some(isExpression) ? claimEvaluation((from) => asCel(fact(from))) : fact
  const said = claims.flatMap((each): [string, FurtherValue][] => {
    const { claim, from } = each
    const value = isExpression(each) ? furtherValue(evaluate(from)) : fact(from)
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
  // With no person present, the person of the setting is the sponsor.
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

function asCel(value: FurtherValue | undefined): CelValue | undefined {
  if (typeof value === 'number') return BigInt(value)
  return typeof value === 'object' && 'iss' in value ? new Map(Object.entries(value)) : value
}

/** Answer of an expression, where it is something that a claim can say. */
function furtherValue(value: unknown): FurtherValue | undefined {
  if (value instanceof ExactNumber) {
    const number = Number(value.text)
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? undefined : number
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
}

function isTooLarge(value: FurtherValue): boolean {
  if (typeof value === 'string') return value.length > MAX_TEXT
  if (typeof value !== 'object') return false
  const texts = 'iss' in value ? [value.iss, value.sub] : value
  return texts.length > MAX_LIST || texts.join('').length > MAX_TEXT * 4
}
