import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { EntityRef, PolicyEntity, PolicyRecord, PolicyValue } from '@remit/engine'

/**
 * Values in Cedar's JSON form. References and extension calls are only ever written here, from values that say what they are; a
 * record cannot take their shape, because no member name may begin with `__`. Strings are always data.
 * @throws TypeError for what has no such form; the evaluation then counts as failed and denies
 */
export function cedarValue(value: PolicyValue): CedarValueJson {
  if (typeof value === 'string') return wellFormed(value)
  if (typeof value === 'boolean') return value
  if ('integer' in value) return exactInteger(value.integer)
  if ('decimal' in value) return extension('decimal', value.decimal)
  if ('datetime' in value) return extension('datetime', value.datetime)
  if ('duration' in value) return extension('duration', value.duration)
  if ('ip' in value) return extension('ip', value.ip)
  if ('entity' in value) return { __entity: cedarRef(value.entity) }
  if ('set' in value) return value.set.map(cedarValue)
  return cedarRecord(value.record)
}

export function cedarRecord(record: PolicyRecord): Record<string, CedarValueJson> {
  const members = Object.entries(record).map(([name, value]): [string, CedarValueJson] => {
    if (name.startsWith('__')) throw new TypeError('a member name begins with two underscores')
    return [wellFormed(name), cedarValue(value)]
  })
  return Object.fromEntries(members)
}

export function cedarRef({ type, id }: EntityRef): EntityRef {
  return { type, id: wellFormed(id) }
}

export function cedarEntity({ attributes, parents, tags, uid }: PolicyEntity): EntityJson {
  return {
    uid: cedarRef(uid),
    attrs: cedarRecord(attributes),
    parents: parents.map(cedarRef),
    ...(tags ? { tags: cedarRecord(tags) } : {}),
  }
}

function extension(fn: 'decimal' | 'datetime' | 'duration' | 'ip', arg: string): CedarValueJson {
  return { __extn: { fn, arg } }
}

/** JSON text of the number itself (ECMAScript `JSON.rawJSON`): an int64 does not fit a JavaScript number. */
function exactInteger(text: string): CedarValueJson {
  if (!/^-?(?:0|[1-9][0-9]{0,18})$/.test(text)) throw new TypeError('not an integer')
  return rawJson(text)
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): CedarValueJson } // as: in Node 24, not yet in TypeScript's lib

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text has a lone surrogate')
  return text
}
