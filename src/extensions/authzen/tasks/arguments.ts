import { type Pair, writeArgument } from '@remit/engine'
import { type TypedResult, typeArguments } from '../../../catalog/argument-types/index.ts'
import type { Action } from '../../../catalog/catalog/index.ts'
import type { Json, JsonObject } from '../../../platform/lib/json.ts'
import { visible } from '../../../platform/lib/text/visible.ts'

/**
 * Arguments under their catalog names, typed as if they had come with a call: each is put where the API would look for it, and
 * then read by what reads calls. Numbers stay the text they are.
 */
export function typedArguments(action: Action, args: JsonObject = new Map()): TypedResult {
  const path = new Map<string, string>()
  const query: [string, string][] = []
  const body = new Map<string, Json>()
  const pairs: Pair[] = []
  const unknown = new Set(args.keys())
  const { form } = action.arguments.body
  const isForm = form === 'form' || form === 'multipart'
  for (const argument of action.arguments.arguments) {
    const { name, place, wire } = argument
    const value = args.get(name)
    if (value === undefined) continue
    unknown.delete(name)
    if (place === 'body' && !isForm) {
      body.set(wire, value)
      continue
    }
    const written = writeArgument(argument, value)
    if (!written || (place === 'path' && Array.isArray(value))) return noText(name, action)
    if (place === 'body') pairs.push(...written)
    else
      for (const [as, text] of written) {
        if (typeof text !== 'string') return noText(name, action)
        if (place === 'path') path.set(as, text)
        else query.push([as, text])
      }
  }
  const [surplus] = unknown
  if (surplus !== undefined) {
    const pointer = visible(`/${surplus.slice(0, 128)}`)
    const detail = `\`${pointer}\` is no argument of \`${action.name}\``
    return { ok: false, reason: 'arguments.unknown', detail, pointer }
  }
  return typeArguments(action, {
    path,
    query,
    body: isForm ? formOf(action, pairs) : bodyOf(action, body),
  })
}

/** INVARIANT: the decided value is the one that the API would be sent, never its form in our memory. */
function noText(name: string, action: Action): TypedResult {
  const pointer = visible(`/${name.slice(0, 128)}`)
  const detail = `\`${pointer}\` of \`${action.name}\` has no form as text`
  return { ok: false, reason: 'arguments.wrong_kind', detail, pointer }
}

/** A form that is empty is none where the operation needs none. */
function formOf(
  { arguments: { body } }: Action,
  pairs: readonly Pair[],
): readonly Pair[] | undefined {
  return pairs.length > 0 || body.required ? pairs : undefined
}

function bodyOf(
  { arguments: { arguments: all, body } }: Action,
  members: ReadonlyMap<string, Json>,
): Json | undefined {
  if (body.form === 'whole' || body.form === 'bytes') {
    const [whole] = all.filter(({ place }) => place === 'body')
    return whole && members.get(whole.wire)
  }
  const isThere = members.size > 0 || (body.form === 'members' && body.required)
  return isThere ? members : undefined
}
