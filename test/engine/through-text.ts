/** Writes policies as Cedar text, and reads them from it with the official tools. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { conjunction, type Expr } from './forms.ts'
import { isObject, type Json, type JsonObject, object } from './json.ts'
import type { Policy, PolicySet } from './policies.ts'

export interface PrintedSet {
  /** Policies for the official engine. */
  readonly text: cedar.PolicySet
  /** Policies that the official tools read from that text. */
  readonly read: PolicySet
}

/** @throws Error when the official tools cannot write or read one */
export function throughText(given: PolicySet): PrintedSet {
  const set = printable(given as unknown as Json) as unknown as PolicySet // as: of the same form
  const templateLinks = set.templateLinks
  const policies = printAll(set.staticPolicies, cedar.policyToText, cedar.policyToJson)
  const templates = printAll(set.templates, cedar.templateToText, cedar.templateToJson)
  return {
    text: {
      staticPolicies: policies.text,
      templates: templates.text,
      templateLinks: templateLinks.map((link) => ({ ...link, values: { ...link.values } })),
    },
    read: { staticPolicies: policies.read, templates: templates.read, templateLinks },
  }
}

function printAll(
  policies: Readonly<Record<string, Policy>>,
  print: typeof cedar.policyToText,
  read: typeof cedar.policyToJson,
) {
  const text = new Map(
    Object.entries(policies).map(([id, policy]) => {
      const printed = print(policy as unknown as cedar.PolicyJson) // as: Cedar's own form
      if (printed.type !== 'success') throw new Error(printed.errors[0]?.message ?? 'not printed')
      return [id, printed.text]
    }),
  )
  const json = Array.from(text, ([id, source]) => {
    const parsed = read(source)
    if (parsed.type !== 'success') throw new Error(`${parsed.errors[0]?.message}: ${source}`)
    return [id, parsed.json as unknown as Policy] as const // as: the same form
  })
  return { text: Object.fromEntries(text), read: Object.fromEntries(json) }
}

/**
 * Replaces what does not survive being printed. The official tools give integers as JavaScript
 * numbers, which do not hold all of them; and text has no way to write `a has b.c` with names that
 * are no identifiers.
 */
function printable(value: Json): Json {
  if (typeof value === 'bigint')
    return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
  if (Array.isArray(value)) return value.map(printable)
  if (!isObject(value)) return value
  const printed = object(Object.entries(value).map(([name, member]) => [name, printable(member)]))
  const { has } = printed
  return has !== undefined && isObject(has) ? oneByOne(has, printed) : printed
}

function oneByOne({ attr, left }: JsonObject, whole: JsonObject): Json {
  if (!Array.isArray(attr) || left === undefined || !isObject(left)) return whole
  const names = attr.map(String)
  if (names.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))) return whole
  let here: Expr = left
  const tests = names.map((name) => {
    const has = { has: { left: here, attr: name } }
    here = { '.': { left: here, attr: name } }
    return has
  })
  return conjunction(tests)
}
