import type { Entity } from './entities.ts'
import { constructorNamed } from './extensions.ts'
import { hasExactly, isArray, isObject, type JsonObject } from './json.ts'
import { type Long, longOf } from './long.ts'
import { DEEPEST, EntityUid, RecordValue, SetValue, type Value } from './value.ts'

/**
 * A value in Cedar's JSON form: `__entity` is a reference, `__extn` with one text a call of `ip`, `decimal`, `datetime` or
 * `duration`; a text is a text, whatever it looks like. For JSON that is trusted (policies, our own books): what agents send
 * must never reach it.
 * @throws TypeError for what has no such form
 */
export function valueFromJson(json: unknown): Value {
  return read(json, 0)
}

function read(json: unknown, depth: number): Value {
  if (depth > DEEPEST) throw new TypeError(`nested deeper than ${DEEPEST}`)
  if (typeof json === 'string' || typeof json === 'boolean') return json
  if (typeof json === 'number' || typeof json === 'bigint') return integer(json)
  if (isArray(json)) return new SetValue(json.map((item) => read(item, depth + 1)))
  if (!isObject(json)) throw new TypeError('null and the like are no values')
  const names = Object.keys(json)
  if (names.length === 1 && isObject(json.__entity)) return entityFromJson(json)
  if (names.length === 1 && isObject(json.__extn)) return extension(json.__extn)
  if (names.some((name) => name === '__entity' || name === '__extn' || name === '__expr')) {
    throw new TypeError('`__entity`, `__extn` and `__expr` are no names of members')
  }
  return new RecordValue(new Map(names.map((name) => [name, read(json[name], depth + 1)])))
}

/** An integer of JSON, exactly. */
export function integer(json: number | bigint): Long {
  if (typeof json === 'number') {
    if (!Number.isSafeInteger(json)) throw new TypeError(`${json} is not an exact integer`)
    return json + 0
  }
  const value = longOf(json)
  if (value === undefined) throw new TypeError(`${json} does not fit 64 bits`)
  return value
}

/** `{ type, id }`, or the same as `__entity`. */
export function entityFromJson(json: unknown): EntityUid {
  const inner =
    isObject(json) && isObject(json.__entity) && hasExactly(json, '__entity') ? json.__entity : json
  if (!isObject(inner) || typeof inner.type !== 'string' || typeof inner.id !== 'string') {
    throw new TypeError('not a reference to an entity')
  }
  if (!isTypeName(inner.type)) throw new TypeError(`\`${inner.type}\` is no name of a type`)
  return new EntityUid(inner.type, inner.id)
}

function extension({ arg, args, fn }: JsonObject): Value {
  const given = isArray(args) && args.length === 1 ? args[0] : arg
  const make = typeof fn === 'string' ? constructorNamed(fn) : undefined
  if (!make || typeof given !== 'string') {
    throw new TypeError('`__extn` is ip, decimal, datetime or duration, with one text')
  }
  const made = make(given)
  if (made === undefined) throw new TypeError(`not what \`${String(fn)}\` reads`)
  return made
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*$/
const RESERVED = /(?:^|:)(?:true|false|if|then|else|in|is|like|has|__cedar)(?:$|:)/

/**
 * Name of the type that was read last: in a long list of entities, most are of the type of the one
 * before.
 */
let lastTypeName = 'Person'

/** Tells whether it can be the type of an entity: an identifier, after those of its namespace. */
export function isTypeName(text: string): boolean {
  if (text === lastTypeName) return true
  if (!NAME.test(text) || RESERVED.test(text)) return false
  lastTypeName = text
  return true
}

/**
 * Entities in Cedar's JSON form: `[{ uid, attrs, parents, tags? }]`. For JSON that is trusted, as `valueFromJson` is.
 * @throws TypeError
 */
export function entitiesFromJson(json: unknown): readonly Entity[] {
  if (!isArray(json)) throw new TypeError('entities are a list')
  return json.map((each) => {
    if (!isObject(each)) throw new TypeError('not an entity')
    const { attrs = null, parents, tags, uid } = each
    if (!isArray(parents)) throw new TypeError('parents are a list')
    return {
      uid: entityFromJson(uid),
      attributes: membersOf(attrs),
      tags: membersOf(tags),
      parents: parents.map(entityFromJson),
    }
  })
}

const NOTHING: ReadonlyMap<string, Value> = new Map()

function membersOf(json: unknown): ReadonlyMap<string, Value> {
  if (json === undefined || (isObject(json) && Object.keys(json).length === 0)) return NOTHING
  const value = isObject(json) ? valueFromJson(json) : undefined
  if (!(value instanceof RecordValue)) throw new TypeError('attributes are a record')
  return value.members
}
