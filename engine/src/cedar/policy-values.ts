/** From the values that the gates know to those that policies compare. */
import type { EntityRef, PolicyEntity, PolicyRecord, PolicyValue } from '../policy.ts'
import { parseDatetime, parseDuration } from './datetime.ts'
import { parseDecimal } from './decimal.ts'
import type { Entity } from './entities.ts'
import { parseIp } from './ip.ts'
import { parseLong } from './long.ts'
import type { EntityShape, RecordShape, Shape } from './shape.ts'
import { shapedRecord } from './shaped-record.ts'
import { DEEPEST, EntityUid, RecordValue, SetValue, type Value } from './value.ts'

/**
 * A record that has to be of this shape: every member that is not optional is there, no other is, and each is what is declared.
 * @throws TypeError in words
 */
export function recordOfShape(record: PolicyRecord, shape: RecordShape): RecordValue {
  return shapedRecord(record, shape) ?? typedRecord(record, shape, 0)
}

/**
 * A record whose values say what they are.
 * @throws TypeError for what is no value
 */
export function recordValue(record: PolicyRecord): RecordValue {
  return anyRecord(record, 0)
}

/**
 * An entity, of this shape if one is given.
 * @throws TypeError
 */
export function entityValue(
  { attributes, parents, tags, uid }: PolicyEntity,
  shape?: EntityShape,
): Entity {
  const foreign = shape && parents.find(({ type }) => !shape.parents.has(type))
  if (foreign) throw new TypeError(`${uid.type} cannot be in ${foreign.type}`)
  return {
    uid: entityRef(uid),
    attributes: (shape ? recordOfShape(attributes, shape.attributes) : recordValue(attributes))
      .members,
    tags: tags === undefined ? NO_TAGS : tagsOf(tags, shape),
    parents: parents.map(entityRef),
  }
}

const NO_TAGS: ReadonlyMap<string, Value> = new Map()

function tagsOf(tags: PolicyRecord, shape: EntityShape | undefined): ReadonlyMap<string, Value> {
  if (!shape) return recordValue(tags).members
  const of = shape.tags
  const names = Object.keys(tags)
  if (names.length === 0) return NO_TAGS
  if (!of) throw new TypeError('entities of the type have no tags')
  return new Map(names.map((name) => [nameOf(name), typedValue(tags[name], of, name, 0)]))
}

/** @throws TypeError for an id that is no text of Unicode */
export function entityRef({ id, type }: EntityRef): EntityUid {
  return new EntityUid(type, wellFormed(id))
}

function typedRecord(record: PolicyRecord, shape: RecordShape, depth: number): RecordValue {
  const { fields } = shape
  const { fit, required } = aboutNames(shape)
  const members = new Map<string, Value>()
  let missing = required
  for (const name of Object.keys(record)) {
    const field = fields.get(name)
    if (!field || !fit) nameOf(name)
    if (!field) throw new TypeError(`\`${name}\` is not declared`)
    if (!field.optional) missing--
    members.set(name, typedValue(record[name], field.shape, name, depth))
  }
  if (missing > 0) {
    for (const [name, { optional }] of fields) {
      if (!optional && !members.has(name)) throw new TypeError(`\`${name}\` is missing`)
    }
  }
  return new RecordValue(members)
}

interface NameRules {
  /** Number of members that have to be there. */
  readonly required: number
  /** Every declared name is one that a member may have. */
  readonly fit: boolean
}

const ABOUT_NAMES = new WeakMap<RecordShape, NameRules>()

/** Worked out once for each shape. */
function aboutNames(shape: RecordShape): NameRules {
  const known = ABOUT_NAMES.get(shape)
  if (known) return known
  const { fields } = shape
  const required = Array.from(fields.values()).filter(({ optional }) => !optional).length
  const made = { required, fit: Array.from(fields.keys()).every(isName) }
  ABOUT_NAMES.set(shape, made)
  return made
}

function typedValue(
  value: PolicyValue | undefined,
  shape: Shape,
  name: string,
  depth: number,
): Value {
  if (typeof value === 'string') {
    if (shape.kind === 'string') return wellFormed(value)
  } else if (typeof value === 'boolean') {
    if (shape.kind === 'boolean') return value
  } else if (typeof value === 'object' && value !== null) {
    const found = typedObject(value, shape, name, deeper(depth))
    if (found !== undefined) return found
  }
  throw new TypeError(`\`${name}\` is not one exact ${shape.kind}`)
}

function typedObject(
  value: Exclude<PolicyValue, string | boolean>,
  shape: Shape,
  name: string,
  depth: number,
): Value | undefined {
  switch (shape.kind) {
    case 'record':
      return 'record' in value ? typedRecord(value.record, shape, depth) : undefined
    case 'set':
      return 'set' in value
        ? new SetValue(value.set.map((item) => typedValue(item, shape.of, name, depth)))
        : undefined
    case 'entity':
      return 'entity' in value && value.entity.type === shape.type
        ? entityRef(value.entity)
        : undefined
    case 'long':
      return 'integer' in value ? parseLong(value.integer) : undefined
    case 'decimal':
      return 'decimal' in value ? parseDecimal(value.decimal) : undefined
    case 'datetime':
      return 'datetime' in value ? parseDatetime(value.datetime) : undefined
    case 'duration':
      return 'duration' in value ? parseDuration(value.duration) : undefined
    case 'ip':
      return 'ip' in value ? parseIp(value.ip) : undefined
    default:
      return undefined
  }
}

function anyRecord(record: PolicyRecord, depth: number): RecordValue {
  const members = new Map<string, Value>()
  for (const name of Object.keys(record)) members.set(nameOf(name), anyValue(record[name], depth))
  return new RecordValue(members)
}

function anyValue(value: PolicyValue | undefined, depth: number): Value {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return wellFormed(value)
  const found =
    typeof value === 'object' && value !== null ? anyObject(value, deeper(depth)) : undefined
  if (found === undefined) throw new TypeError('a value is none, or not exact')
  return found
}

function anyObject(
  value: Exclude<PolicyValue, string | boolean>,
  depth: number,
): Value | undefined {
  if ('record' in value) return anyRecord(value.record, depth)
  if ('set' in value) return new SetValue(value.set.map((item) => anyValue(item, depth)))
  if ('entity' in value) return entityRef(value.entity)
  if ('integer' in value) return parseLong(value.integer)
  if ('decimal' in value) return parseDecimal(value.decimal)
  if ('datetime' in value) return parseDatetime(value.datetime)
  if ('duration' in value) return parseDuration(value.duration)
  return 'ip' in value ? parseIp(value.ip) : undefined
}

function deeper(depth: number): number {
  if (depth >= DEEPEST) throw new TypeError(`a value is nested deeper than ${DEEPEST}`)
  return depth + 1
}

/** INVARIANT: no member has a name with which Cedar's JSON would say something else than a record. */
function nameOf(name: string): string {
  if (name.startsWith('__')) throw new TypeError('a member name begins with two underscores')
  return wellFormed(name)
}

function isName(name: string): boolean {
  return !name.startsWith('__') && name.isWellFormed()
}

function wellFormed(text: string): string {
  if (typeof text !== 'string' || !text.isWellFormed())
    throw new TypeError('a text is none, or has a lone surrogate')
  return text
}
