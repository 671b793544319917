import { sha256url } from '../../../platform/lib/bytes.ts'
import { type Canonical, canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { ExactNumber, type Json, type JsonObject } from '../../../platform/lib/json.ts'

/**
 * Members of `context` that belong to the request and the approval (ARAP,
 * Authorization-Relevant Context). Token and proof are looked at each time and differ each time;
 * where a call comes from is for policies, not for people.
 */
export const BINDING_CONTEXT_MEMBERS = ['task', 'agent', 'args'] as const

/**
 * `binding_hash` (ARAP, Binding Token Integrity): SHA-256 over RFC 8785 of the bound members of a request, without
 * `subject.properties.act`. Numbers count as JavaScript's do, as RFC 8785 has it; the frozen call keeps their text.
 */
export function bindingHash(
  request: JsonObject,
  members: readonly string[] = BINDING_CONTEXT_MEMBERS,
): string {
  return sha256url(canonicalJson(bound(request, members)))
}

function bound(request: JsonObject, members: readonly string[]): Canonical {
  const items = request.get('items')
  const context = request.get('context')
  return {
    subject: asCanonical(withoutActor(request.get('subject'))),
    context: new Map(
      isMap(context)
        ? members.flatMap((name) => {
            const value = context.get(name)
            return value === undefined ? [] : [[name, asCanonical(value)] as const]
          })
        : [],
    ),
    ...(Array.isArray(items)
      ? { items: items.map((item) => (isMap(item) ? pairOf(item) : null)) }
      : pairOf(request)),
  }
}

function pairOf(from: JsonObject): { readonly [name: string]: Canonical | undefined } {
  const [resource, action] = [from.get('resource'), from.get('action')]
  return {
    resource: resource === undefined ? undefined : asCanonical(resource),
    action: action === undefined ? undefined : asCanonical(action),
  }
}

/**
 * Leaves out who acts: a submission may say it elsewhere, so it is not compared.
 */
function withoutActor(subject: Json | undefined): Json {
  if (!isMap(subject)) return null
  const properties = subject.get('properties')
  if (!isMap(properties)) return subject
  const others = Array.from(properties).filter(([name]) => name !== 'act')
  return new Map([...subject, ['properties', new Map(others)]])
}

function asCanonical(value: Json): Canonical {
  if (value instanceof ExactNumber) {
    const number = Number(value.text)
    // RFC 8785 has no form for what JavaScript cannot hold.
    return Number.isFinite(number) ? number : value
  }
  if (Array.isArray(value)) return value.map((each: Json) => asCanonical(each))
  if (isMap(value))
    return new Map(Array.from(value, ([name, each]) => [name, asCanonical(each)] as const))
  return value as string | boolean | null // all that is left of JSON
}

function isMap(value: Json | undefined): value is JsonObject {
  return value instanceof Map
}
