import type { SecretDigest } from '../../identity/sessions/index.ts'
import type { Canonical } from '../../platform/lib/canonical-json.ts'
import { isRecord } from '../../platform/lib/json.ts'

/**
 * An input as it is shown, kept and bound: all of it, with a digest where the schema of the operation says that a secret
 * stands (`secretText`).
 *
 * INVARIANT: the schema alone says where a secret is. The sender of a request chooses the names of members in values that are only
 * passed on, such as the document of an API.
 */
export function withoutSecrets(schema: unknown, value: unknown, digest: SecretDigest): Canonical {
  const places = alternatives(schema)
  if (value === undefined || value === null) return null
  if (places.some(({ writeOnly }) => writeOnly === true)) return digest(canonicalInput(value))
  if (Array.isArray(value)) {
    const items = places.map((place) => place.items)
    return value.map((each) => withoutSecrets({ anyOf: items }, each, digest))
  }
  if (typeof value !== 'object') return canonicalInput(value)
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const members = places.flatMap(({ properties }) => memberOf(properties, name))
      return [name, withoutSecrets({ anyOf: members }, inner, digest)]
    }),
  )
}

type Schema = Readonly<Record<string, unknown>>

/** The schema, and those that it is made of. */
function alternatives(schema: unknown): readonly Schema[] {
  if (!isRecord(schema)) return []
  const parts = [schema.anyOf, schema.oneOf, schema.allOf].filter(Array.isArray).flat()
  return [schema, ...parts.flatMap(alternatives)]
}

function memberOf(properties: unknown, name: string): readonly unknown[] {
  return isRecord(properties) && Object.hasOwn(properties, name) ? [properties[name]] : []
}

/** Turns a value that was parsed from JSON, or from a path, into one for canonical JSON. */
function canonicalInput(value: unknown): Canonical {
  if (Array.isArray(value)) return value.map(canonicalInput)
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, canonicalInput(inner)]),
    )
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  return null
}
