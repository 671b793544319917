import type { PolicyRecord, PolicyValue } from '@remit/engine'
import {
  type AttributeValue,
  entriesOf,
  PERSON_ATTRIBUTES,
  type PersonAttributes,
} from '../../identity/people/index.ts'

const TYPES = {
  boolean: 'Bool',
  integer: 'Long',
  string: 'String',
  strings: 'Set<String>',
} as const

/**
 * Declarations of the attributes in the schema: no person has to have one, so rules ask first
 * (`principal has department`).
 */
export const PERSON_ATTRIBUTE_LINES = entriesOf(PERSON_ATTRIBUTES)
  .map(([name, type]) => `${name}?: ${TYPES[type]}`)
  .join(', ')

/** Writes the attributes as policies see them. */
export function attributeRecord(attributes: PersonAttributes): PolicyRecord {
  return Object.fromEntries(
    entriesOf(attributes).map(([name, value]) => [name, policyValue(value)]),
  )
}

function policyValue(value: AttributeValue): PolicyValue {
  if (typeof value === 'number') return { integer: String(value) }
  return typeof value === 'object' ? { set: [...value] } : value
}
