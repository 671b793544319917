import {
  exact,
  type PolicyRecord,
  type PolicyValue,
  policyArguments,
  type TypedArguments,
  type TypedValue,
} from '@remit/engine'
import { nearest } from '../../../platform/lib/closest-match.ts'
import type { RecordType, ValueType } from '../impossible/schema-types.ts'
import { BadFile, type Members, type YamlTree } from './tree.ts'

/**
 * Arguments as a test writes them, typed by the schema.
 * @throws BadFile for what the action does not have, and for values of another type
 */
export function caseArguments(given: Members, type: RecordType): TypedArguments {
  return fieldsOf(given, type, 'an argument')
}

/** True when the action has an argument of this name, and the value is one of its type. */
export function fitsArgument([name, tree]: readonly [string, YamlTree], type: RecordType): boolean {
  const member = type.members.get(name)
  if (!member) return false
  try {
    caseValue(tree, member.type)
    return true
  } catch (error) {
    if (error instanceof BadFile) return false
    throw error
  }
}

/** A value of the context. */
export function caseContextValue(tree: YamlTree, type: ValueType, name: string): PolicyValue {
  if (type.is === 'Entity') {
    if (tree.is !== 'text') throw wrong(tree, `a name of a ${type.name}`)
    return { entity: { type: type.name as 'Person', id: tree.text } } // as: entity types are the schema's
  }
  if (type.is === 'Set' && type.of.is === 'Entity') {
    const { of } = type
    const items = tree.is === 'list' ? tree.items : [tree]
    return { set: items.map((item) => caseContextValue(item, of, name)) }
  }
  return policyArguments(new Map([[name, caseValue(tree, type)]]))[name] ?? { record: {} }
}

function fieldsOf(given: Members, type: RecordType, what: string): TypedArguments {
  return new Map(
    Array.from(given.members, ([name, tree]) => {
      const member = type.members.get(name)
      if (!member) {
        const known = [...type.members.keys()].map((each) => `\`${each}\``).join(', ')
        const meant = nearest(name, [...type.members.keys()])
        const help = `there is ${known || 'none'}${meant === undefined ? '' : `; ${meant}`}`
        throw new BadFile(tree.line, `\`${name}\` is not ${what}`, help)
      }
      return [name, caseValue(tree, member.type)] as const
    }),
  )
}

function caseValue(tree: YamlTree, type: ValueType): TypedValue {
  switch (type.is) {
    case 'Set': {
      const { of } = type
      if (tree.is !== 'list') throw wrong(tree, 'a list')
      return { kind: 'set', items: tree.items.map((item) => caseValue(item, of)) }
    }
    case 'Record':
      if (tree.is !== 'map') throw wrong(tree, 'members with names')
      return { kind: 'record', fields: fieldsOf(tree, type, 'a member of it') }
    case 'String':
      if (tree.is !== 'text') throw wrong(tree, 'a text')
      return { kind: 'string', value: tree.text }
    case 'Boolean':
      if (tree.is !== 'text' || !/^(true|false)$/.test(tree.text))
        throw wrong(tree, 'true or false')
      return { kind: 'boolean', value: tree.text === 'true' }
    case 'Long':
      return exactly(tree, 'integer', 'a whole number')
    case 'decimal':
      return exactly(tree, 'decimal', 'a number with at most four digits after the point')
    case 'datetime':
      return exactly(tree, 'datetime', 'a date or time such as 2026-01-05T10:00:00Z')
    default:
      throw new BadFile(tree.line, `values of type ${type.is} cannot be written in tests`)
  }
}

function exactly(
  tree: YamlTree,
  kind: 'integer' | 'decimal' | 'datetime',
  words: string,
): Extract<TypedValue, { text: string }> {
  if (tree.is !== 'text' || !exact(kind, tree.text)) throw wrong(tree, words)
  return { kind, text: tree.text }
}

function wrong({ line }: YamlTree, words: string): BadFile {
  return new BadFile(line, `${words} is expected here`)
}

/**
 * Fills in the members that the context of a call must have and that a test does not speak of: with
 * a neutral value, as far as there is such a value of that type.
 */
export function neutralRecord(type: RecordType, given: PolicyRecord, now: string): PolicyRecord {
  const record: Record<string, PolicyValue> = {}
  for (const [name, member] of type.members) {
    const own = given[name]
    const within = asRecord(own)
    if (member.type.is === 'Record' && (within || (own === undefined && member.required)))
      record[name] = { record: neutralRecord(member.type, within ?? {}, now) }
    else if (own !== undefined) record[name] = own
    else if (member.required) {
      const neutral = neutralValue(member.type, now)
      if (neutral !== undefined) record[name] = neutral
    }
  }
  // What the gates add is not among them, and what the schema does not know shows itself when a rule is evaluated.
  return { ...given, ...record }
}

function asRecord(value: PolicyValue | undefined): PolicyRecord | undefined {
  return typeof value === 'object' && 'record' in value ? value.record : undefined
}

function neutralValue(type: ValueType, now: string): PolicyValue | undefined {
  switch (type.is) {
    case 'Long':
      return { integer: '0' }
    case 'String':
      return ''
    case 'Boolean':
      return false
    case 'decimal':
      return { decimal: '0.0' }
    case 'datetime':
      return { datetime: now }
    case 'Set':
      return { set: [] }
    default:
      return undefined
  }
}

/** Two ways to fill what a test leaves out. Where both come to the same, it does not matter. */
export type FillMode = 'low' | 'high'

/** Names of arguments that the API needs and that are not given, also within records that are. */
export function missingArguments(given: TypedArguments, type: RecordType): readonly string[] {
  return Array.from(type.members).flatMap(([name, member]) => {
    const own = given.get(name)
    if (!own) return member.required ? [name] : []
    if (own.kind !== 'record' || member.type.is !== 'Record') return []
    return missingArguments(own.fields, member.type).map((each) => `${name}.${each}`)
  })
}

export function filledArguments(
  given: TypedArguments,
  type: RecordType,
  filling: FillMode,
): TypedArguments {
  const filled = new Map(given)
  for (const [name, member] of type.members) {
    const own = given.get(name)
    if (own?.kind === 'record' && member.type.is === 'Record')
      filled.set(name, { ...own, fields: filledArguments(own.fields, member.type, filling) })
    else if (!own && member.required) filled.set(name, fill(member.type, filling))
  }
  return filled
}

function fill(type: ValueType, filling: FillMode): TypedValue {
  const low = filling === 'low'
  switch (type.is) {
    case 'Boolean':
      return { kind: 'boolean', value: !low }
    case 'Long':
      return { kind: 'integer', text: low ? '0' : '1000000000' }
    case 'decimal':
      return { kind: 'decimal', text: low ? '0.0' : '1000000000.0' }
    case 'datetime':
      return { kind: 'datetime', text: low ? '1970-01-01T00:00:00Z' : '2999-12-31T00:00:00Z' }
    case 'Set':
      return { kind: 'set', items: low ? [] : [fill(type.of, filling)] }
    case 'Record':
      return { kind: 'record', fields: filledArguments(new Map(), type, filling) }
    default:
      return { kind: 'string', value: low ? '' : 'something that a test did not say' }
  }
}
