/** Records of a declared shape, read by a plan that is made once for each shape. */
import type { PolicyRecord, PolicyValue } from '../policy.ts'
import { parseDatetime, parseDuration } from './datetime.ts'
import { parseDecimal } from './decimal.ts'
import { parseIp } from './ip.ts'
import { parseLong } from './long.ts'
import type { RecordShape, Shape } from './shape.ts'
import { DEEPEST, EntityUid, RecordValue, SetValue, type Value } from './value.ts'

/** Reads a value of one shape; `undefined` for anything else. */
type Reader = (value: PolicyValue) => Value | undefined

/** Place of a declared member. */
interface Slot {
  readonly at: number
  readonly read: Reader
  readonly required: boolean
}

interface Plan {
  readonly slots: ReadonlyMap<string, Slot>
  /** Number of members that have to be there. */
  readonly required: number
  /** Levels of nesting, itself not counted. */
  readonly depth: number
}

interface Part {
  readonly read: Reader
  readonly depth: number
}

/**
 * Reads a record that is exactly as its shape says; `undefined` for any other, about which `policy-values.ts` finds the words.
 * INVARIANT: gives nothing that `policy-values.ts` would refuse, and never another value.
 */
export function shapedRecord(record: PolicyRecord, shape: RecordShape): RecordValue | undefined {
  const plan = planOf(shape)
  return plan.depth > DEEPEST ? undefined : read(record, plan)
}

const PLANS = new WeakMap<RecordShape, Plan>()

/** Finds or makes the plan. Shapes never change. */
function planOf(shape: RecordShape): Plan {
  const known = PLANS.get(shape)
  if (known !== undefined) return known
  const slots = new Map<string, Slot>()
  let required = 0
  let depth = 0
  for (const [name, { optional, shape: of }] of shape.fields) {
    if (!optional) required++
    // One that is declared and cannot be: it has no place.
    if (!isName(name)) continue
    const part = partOf(of)
    slots.set(name, { at: slots.size, read: part.read, required: !optional })
    depth = Math.max(depth, part.depth)
  }
  const made = { slots, required, depth }
  PLANS.set(shape, made)
  return made
}

/** INVARIANT: no member has a name with which Cedar's JSON would say something else than a record. */
function isName(name: string): boolean {
  return !name.startsWith('__') && name.isWellFormed()
}

function read(record: PolicyRecord, { required, slots }: Plan): RecordValue | undefined {
  const names = Object.keys(record)
  const values = new Array<Value | undefined>(slots.size)
  let missing = required
  for (const name of names) {
    const slot = slots.get(name)
    const given = record[name]
    if (slot === undefined || given === undefined) return undefined
    const value = slot.read(given)
    if (value === undefined) return undefined
    values[slot.at] = value
    if (slot.required) missing--
  }
  return missing === 0
    ? new RecordValue(new SlottedMembers(slots, values, names.length))
    : undefined
}

/** Members of a record, each in the place that its shape has for it: made faster than a map, and read as fast. */
class SlottedMembers implements ReadonlyMap<string, Value> {
  readonly size: number
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #values: readonly (Value | undefined)[]

  constructor(
    slots: ReadonlyMap<string, Slot>,
    values: readonly (Value | undefined)[],
    size: number,
  ) {
    this.#slots = slots
    this.#values = values
    this.size = size
  }

  get(name: string): Value | undefined {
    const slot = this.#slots.get(name)
    return slot === undefined ? undefined : this.#values[slot.at]
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  forEach(each: (value: Value, name: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [name, value] of this) each(value, name, this)
  }

  *entries(): MapIterator<[string, Value]> {
    for (const [name, { at }] of this.#slots) {
      const value = this.#values[at]
      if (value !== undefined) yield [name, value]
    }
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }
}

function partOf(shape: Shape): Part {
  switch (shape.kind) {
    case 'record': {
      const plan = planOf(shape)
      return { read: recordReader(plan), depth: plan.depth + 1 }
    }
    case 'set': {
      const { depth, read: readItem } = partOf(shape.of)
      return { read: setReader(readItem), depth: depth + 1 }
    }
    case 'entity':
      return { read: entityReader(shape.type), depth: 1 }
    default:
      return { read: READERS[shape.kind], depth: 1 }
  }
}

function readString(value: PolicyValue): string | undefined {
  return typeof value === 'string' && value.isWellFormed() ? value : undefined
}

function readBoolean(value: PolicyValue): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function readLong(value: PolicyValue): Value | undefined {
  return isObject(value) && 'integer' in value ? parseLong(value.integer) : undefined
}

function readDecimal(value: PolicyValue): Value | undefined {
  return isObject(value) && 'decimal' in value ? parseDecimal(value.decimal) : undefined
}

function readDatetime(value: PolicyValue): Value | undefined {
  return isObject(value) && 'datetime' in value ? parseDatetime(value.datetime) : undefined
}

function readDuration(value: PolicyValue): Value | undefined {
  return isObject(value) && 'duration' in value ? parseDuration(value.duration) : undefined
}

function readIp(value: PolicyValue): Value | undefined {
  return isObject(value) && 'ip' in value ? parseIp(value.ip) : undefined
}

function entityReader(type: string): Reader {
  return (value) => {
    if (!isObject(value) || !('entity' in value)) return undefined
    const { entity } = value
    return entity.type === type && typeof entity.id === 'string' && entity.id.isWellFormed()
      ? new EntityUid(type, entity.id)
      : undefined
  }
}

function setReader(readItem: Reader): Reader {
  return (value) => {
    if (!isObject(value) || !('set' in value) || !Array.isArray(value.set)) return undefined
    const items: Value[] = []
    for (const given of value.set) {
      const item = readItem(given)
      if (item === undefined) return undefined
      items.push(item)
    }
    return new SetValue(items)
  }
}

function recordReader(plan: Plan): Reader {
  return (value) => (isObject(value) && 'record' in value ? read(value.record, plan) : undefined)
}

const READERS: Readonly<Record<Exclude<Shape['kind'], 'entity' | 'set' | 'record'>, Reader>> = {
  string: readString,
  boolean: readBoolean,
  long: readLong,
  decimal: readDecimal,
  datetime: readDatetime,
  duration: readDuration,
  ip: readIp,
}

function isObject(value: PolicyValue): value is Exclude<PolicyValue, string | boolean> {
  return typeof value === 'object' && value !== null
}
