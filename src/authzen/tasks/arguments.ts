import { type TypedResult, typeArguments } from '../../argument-types/index.ts'
import type { Action } from '../../catalog/index.ts'
import { ExactNumber, type Json, type JsonObject } from '../../lib/json.ts'
import { visible } from '../../lib/text/visible.ts'

/**
 * Arguments under their catalog names, typed as if they had come with a call: each is put where the API would look for it, and
 * then read by what reads calls. Numbers stay the text they are.
 */
export function typedArguments(action: Action, args: JsonObject = new Map()): TypedResult {
  const path = new Map<string, string>()
  const query: [string, string][] = []
  const body = new Map<string, Json>()
  const unknown = new Set(args.keys())
  for (const { name, place, wire } of action.arguments.arguments) {
    const value = args.get(name)
    if (value === undefined) continue
    unknown.delete(name)
    if (place === 'body') {
      body.set(wire, value)
      continue
    }
    const items = place === 'query' && Array.isArray(value) ? value : [value]
    const texts = items.map(textOf)
    if (!texts.every((text) => text !== undefined)) return noText(name, action)
    if (place === 'path') for (const text of texts) path.set(wire, text)
    else for (const text of texts) query.push([wire, text])
  }
  const [surplus] = unknown
  if (surplus !== undefined) {
    const pointer = visible(`/${surplus.slice(0, 128)}`)
    const detail = `\`${pointer}\` is no argument of \`${action.name}\``
    return { ok: false, reason: 'arguments.unknown', detail, pointer }
  }
  return typeArguments(action, { path, query, body: bodyOf(action, body) })
}

/** On the wire of paths and queries everything is text. Lists in lists, objects and null have no such form. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof ExactNumber) return value.text
  return typeof value === 'boolean' ? String(value) : undefined
}

/** INVARIANT: what is decided on is what the API would be sent, never what a value looks like in our memory. */
function noText(name: string, action: Action): TypedResult {
  const pointer = visible(`/${name.slice(0, 128)}`)
  const detail = `\`${pointer}\` of \`${action.name}\` has no form as text`
  return { ok: false, reason: 'arguments.wrong_kind', detail, pointer }
}

function bodyOf(
  { arguments: { arguments: all, body } }: Action,
  members: ReadonlyMap<string, Json>,
): Json | undefined {
  if (body.form === 'form' || body.form === 'multipart')
    return Array.from(members).flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((item): Json => [name, item]) : [[name, value]],
    )
  if (body.form === 'whole' || body.form === 'bytes') {
    const [whole] = all.filter(({ place }) => place === 'body')
    return whole && members.get(whole.wire)
  }
  const isThere = members.size > 0 || (body.form === 'members' && body.required)
  return isThere ? members : undefined
}
