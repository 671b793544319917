/**
 * Attributes that a provider can give of a person beside name, address and groups, each with its
 * type. The words are those of SCIM (RFC 7643 sections 4.1 and 4.3) where it has one. The list is
 * closed, so that rules are checked against it whichever provider a person comes from.
 */
export const PERSON_ATTRIBUTES = {
  costCenter: 'string',
  country: 'string',
  department: 'string',
  division: 'string',
  entitlements: 'strings',
  external: 'boolean',
  level: 'integer',
  locale: 'string',
  manager: 'string',
  roles: 'strings',
  tenant: 'string',
  title: 'string',
  userType: 'string',
} as const

export type AttributeName = keyof typeof PERSON_ATTRIBUTES
export type AttributeValue = string | number | boolean | readonly string[]

/** Known attributes of one person. */
export type PersonAttributes = Readonly<Partial<Record<AttributeName, AttributeValue>>>
/**
 * Mapping of attributes to claims of a provider: a name, or a JSON Pointer into the claims
 * (`/realm_access/roles`).
 */
export type AttributeClaims = Readonly<Partial<Record<AttributeName, string>>>

export const ATTRIBUTE_NAMES = Object.keys(PERSON_ATTRIBUTES).filter(isAttribute)

export function isAttribute(name: string): name is AttributeName {
  return Object.hasOwn(PERSON_ATTRIBUTES, name)
}

/** Lists the entries that are there, in the order of the names. */
export function entriesOf<T>(
  of: Readonly<Partial<Record<AttributeName, T>>>,
): [AttributeName, T][] {
  return ATTRIBUTE_NAMES.flatMap((name): [AttributeName, T][] => {
    const value = of[name]
    return value === undefined ? [] : [[name, value]]
  })
}
