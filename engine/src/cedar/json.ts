/** Cedar's JSON policy format, as its official tools write it. An integer beyond 2^53 is a `bigint`: a JavaScript number would not be it. */

export interface PolicyJson {
  readonly effect: 'permit' | 'forbid'
  readonly principal: object
  readonly action: object
  readonly resource: object
  readonly conditions: readonly { readonly kind: 'when' | 'unless'; readonly body: object }[]
  readonly annotations?: object
}

export type EntityUidJson =
  | { readonly type: string; readonly id: string }
  | { readonly __entity: { readonly type: string; readonly id: string } }

export interface TemplateLinkJson {
  readonly templateId: string
  readonly newId: string
  /** Values by slot: `?principal`, `?resource`. */
  readonly values: Readonly<Record<string, EntityUidJson>>
}

export interface CedarPolicySetJson {
  readonly staticPolicies: Readonly<Record<string, PolicyJson>>
  readonly templates?: Readonly<Record<string, PolicyJson>>
  readonly templateLinks?: readonly TemplateLinkJson[]
}

export type JsonObject = { readonly [name: string]: unknown }

/** A plain object; not an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** Tells whether exactly these members are there. */
export function hasExactly(value: JsonObject, ...names: readonly string[]): boolean {
  const own = Object.keys(value)
  return own.length === names.length && names.every((name) => Object.hasOwn(value, name))
}
