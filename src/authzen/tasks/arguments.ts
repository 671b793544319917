import { type Action, type TypedResult, typeArguments, visible } from '../../catalog/index.ts'
import { ExactNumber, type Json, type JsonObject } from '../../lib/json.ts'

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
    if (place === 'body') body.set(wire, value)
    else if (place === 'path') path.set(wire, textOf(value))
    else for (const item of Array.isArray(value) ? value : [value]) query.push([wire, textOf(item)])
  }
  const [surplus] = unknown
  if (surplus !== undefined) {
    const pointer = visible(`/${surplus.slice(0, 128)}`)
    const detail = `\`${pointer}\` is no argument of \`${action.name}\``
    return { ok: false, reason: 'arguments.unknown', detail, pointer }
  }
  return typeArguments(action, { path, query, body: bodyOf(action, body) })
}

/** On the wire of paths and queries everything is text. What has no such form is refused as what it is not. */
function textOf(value: Json): string {
  if (typeof value === 'string') return value
  return value instanceof ExactNumber ? value.text : String(value)
}

function bodyOf(
  { arguments: { arguments: all, body } }: Action,
  members: ReadonlyMap<string, Json>,
): Json | undefined {
  if (body.form === 'whole') {
    const [whole] = all.filter(({ place }) => place === 'body')
    return whole && members.get(whole.wire)
  }
  const isThere = members.size > 0 || (body.form === 'members' && body.required)
  return isThere ? members : undefined
}
