import type { ArgumentKind, TypedArguments, TypedValue } from '@remit/engine'
import type { Leaf } from '../../../approvals/access-requests/index.ts'
import { kindAt } from '../../../catalog/catalog/index.ts'
import { type Canonical, canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { pointerTo } from '../../../platform/lib/json-pointer.ts'
import type { Call } from '../../../tasks/facts/index.ts'

/**
 * Every argument of a call, or nothing when some part of it is, or could be, something that policies do not see.
 * INVARIANT: an allowance is only ever about calls that can be seen whole.
 */
export function inspectedOf({ action, ...call }: Call): readonly Leaf[] | undefined {
  const unseen = action.untyped.length > 0 || action.arguments.body.form === 'opaque'
  return unseen ? undefined : leavesOf(call.arguments, (path) => kindAt(action, path))
}

const MAX_LEAVES = 64

/**
 * Takes all that a call says apart. `undefined` when that is more than people can look through, or
 * when the catalog does not say what one of the values is.
 */
export function leavesOf(
  args: TypedArguments,
  kindAt: (path: string) => ArgumentKind | undefined,
): readonly Leaf[] | undefined {
  const leaves: Leaf[] = []
  const whole = collect(args, '', kindAt, leaves)
  return whole && leaves.length <= MAX_LEAVES ? leaves : undefined
}

function collect(
  fields: TypedArguments,
  above: string,
  kindAt: (path: string) => ArgumentKind | undefined,
  into: Leaf[],
): boolean {
  for (const [name, value] of fields) {
    const path = above + pointerTo(name)
    if (value.kind === 'record' && value.fields.size > 0) {
      if (!collect(value.fields, path, kindAt, into)) return false
      continue
    }
    const leaf = leafOf(path, value, kindAt)
    if (!leaf) return false
    into.push(leaf)
  }
  return true
}

function leafOf(
  path: string,
  value: TypedValue,
  kindAt: (path: string) => ArgumentKind | undefined,
): Leaf | undefined {
  if (value.kind === 'set')
    return { path, kind: 'list', text: canonicalJson(inspectedValue(value)) }
  if (value.kind === 'record') return { path, kind: 'object', text: '{}' }
  const kind = kindAt(path)
  if (kind === undefined) return undefined
  const text = 'text' in value ? value.text : String(value.value)
  return { path, kind, text }
}

/** Values of different kinds never look alike: a value that is not text says its kind. */
function inspectedValue(value: TypedValue): Canonical {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'set':
      return value.items.map(inspectedValue)
    case 'record':
      return new Map(Array.from(value.fields, ([name, field]) => [name, inspectedValue(field)]))
    default:
      return { [value.kind]: value.text }
  }
}
