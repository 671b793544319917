import type { EntityRef } from '../policy.ts'
import type { Long } from './long.ts'

/** A value of Cedar's, in the one form in which it is compared. Never changed once made. */
export type Value =
  | boolean
  | string
  | Long
  | EntityUid
  | SetValue
  | RecordValue
  | Decimal
  | Datetime
  | Duration
  | Ip

/** Deeper values are refused. */
export const DEEPEST = 128

export class EntityUid implements EntityRef {
  readonly type: string
  readonly id: string

  constructor(type: string, id: string) {
    this.type = type
    this.id = id
  }

  is(other: EntityRef): boolean {
    return this === other || (this.id === other.id && this.type === other.type)
  }
}

/** Decimal, in ten-thousandths. */
export class Decimal {
  readonly scaled: Long

  constructor(scaled: Long) {
    this.scaled = scaled
  }
}

/** Milliseconds since 1970. */
export class Datetime {
  readonly at: Long

  constructor(at: Long) {
    this.at = at
  }
}

/** Duration, in milliseconds. */
export class Duration {
  readonly milliseconds: Long

  constructor(milliseconds: Long) {
    this.milliseconds = milliseconds
  }
}

/** An address, or a range of them. */
export class Ip {
  readonly bits: 32 | 128
  readonly address: bigint
  readonly prefix: number

  constructor(bits: 32 | 128, address: bigint, prefix: number) {
    this.bits = bits
    this.address = address
    this.prefix = prefix
  }
}

export class RecordValue {
  readonly members: ReadonlyMap<string, Value>
  #key: string | undefined

  constructor(members: ReadonlyMap<string, Value>) {
    this.members = members
  }

  /** Key as `keyOf` gives it, made once. */
  get key(): string {
    this.#key ??= keyOfRecord(this)
    return this.#key
  }
}

/** Up to here, looking at each member is faster than hashing. */
const FEW = 8

export class SetValue {
  /** May hold the same more than once. */
  readonly items: readonly Value[]
  #keys: ReadonlySet<string> | undefined
  #key: string | undefined

  constructor(items: readonly Value[]) {
    this.items = items
  }

  /** The members, each by its key. */
  get keys(): ReadonlySet<string> {
    this.#keys ??= new Set(this.items.map(keyOf))
    return this.#keys
  }

  /** Key as `keyOf` gives it, made once. */
  get key(): string {
    this.#key ??= `[${listed([...this.keys].sort())}`
    return this.#key
  }

  /**
   * INVARIANT: what has members itself is only ever compared by its key: comparing each member of each with each would take longer
   * with every level of nesting.
   */
  has(value: Value): boolean {
    if (this.items.length > FEW || value instanceof SetValue || value instanceof RecordValue)
      return this.keys.has(keyOf(value))
    for (const item of this.items) if (equal(item, value)) return true
    return false
  }

  is(other: SetValue): boolean {
    return this === other || (this.hasAll(other) && other.hasAll(this))
  }

  hasAll(other: SetValue): boolean {
    for (const item of other.items) if (!this.has(item)) return false
    return true
  }

  hasAny(other: SetValue): boolean {
    for (const item of other.items) if (this.has(item)) return true
    return false
  }
}

/** Cedar's `==`: no two types are equal, and nothing is an error. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (a instanceof EntityUid) return b instanceof EntityUid && a.is(b)
  if (a instanceof Decimal) return b instanceof Decimal && a.scaled === b.scaled
  if (a instanceof Datetime) return b instanceof Datetime && a.at === b.at
  if (a instanceof Duration) return b instanceof Duration && a.milliseconds === b.milliseconds
  if (a instanceof SetValue) return b instanceof SetValue && a.is(b)
  if (a instanceof RecordValue) return b instanceof RecordValue && sameMembers(a, b)
  return b instanceof Ip && a.bits === b.bits && a.prefix === b.prefix && a.address === b.address
}

function sameMembers({ members: a }: RecordValue, { members: b }: RecordValue): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other === undefined || !equal(value, other)) return false
  }
  return true
}

/** A text that equal values have in common, and no others. */
export function keyOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return `s${value}`
    case 'boolean':
      return value ? 't' : 'f'
    case 'number':
    case 'bigint':
      return `n${value}`
    default:
      return keyOfObject(value)
  }
}

function keyOfObject(value: Exclude<Value, boolean | string | Long>): string {
  if (value instanceof EntityUid) return `e${listed([value.type, value.id])}`
  if (value instanceof Decimal) return `c${value.scaled}`
  if (value instanceof Datetime) return `d${value.at}`
  if (value instanceof Duration) return `u${value.milliseconds}`
  if (value instanceof Ip) return `i${value.bits}/${value.address}/${value.prefix}`
  return value.key
}

function keyOfRecord({ members }: RecordValue): string {
  const names = [...members.keys()].sort()
  return `{${listed(names.flatMap((name) => [name, keyOf(members.get(name) ?? false)]))}`
}

/** Several texts as one that no others have: each after its length. */
function listed(texts: readonly string[]): string {
  return texts.map((text) => `${text.length}:${text}`).join('')
}

/** Names a type as Cedar does in its messages. */
export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
    case 'bigint':
      return 'long'
    default:
      if (value instanceof EntityUid) return `\`${value.type}\``
      if (value instanceof SetValue) return 'set'
      if (value instanceof RecordValue) return 'record'
      if (value instanceof Decimal) return 'decimal'
      if (value instanceof Datetime) return 'datetime'
      return value instanceof Duration ? 'duration' : 'ipaddr'
  }
}
