import type { Argument, ArgumentType, ScalarType, TypedType } from '@remit/engine'
import type { JsonObject } from '../../../platform/lib/json.ts'
import { FILE, untyped } from '../../argument-types/index.ts'

/** Type of an argument of a query or a form, and how it is spelled there. */
export type ArgumentSpelling = Pick<Argument, 'type' | 'spelled'>

/**
 * Decides how a value comes in a query or a form by what the description says of it (OpenAPI 3.1, 4.8.12.4 and 4.8.15.1): once, a list
 * by repeating its name, and with `deepObject` records and lists under names with brackets. What has several spellings, or none that
 * is known, is untyped. `said`: the parameter, or the entry for the field in `encoding`.
 */
export function spelledAs(type: ArgumentType, said: JsonObject | undefined): ArgumentSpelling {
  const style = said?.get('style') ?? 'form'
  const joined = said?.get('explode') === false
  if (style === 'deepObject' && !joined) return withBrackets(type)
  if (style !== 'form' && style !== 'deepObject')
    return isPlain(type) ? { type } : { type: untyped(`its style \`${style}\` is not known`) }
  if (type.kind === 'untyped') return joined ? { type } : { type, spelled: 'any' }
  if (type === FILE || isPlain(type)) return { type }
  if (type.kind === 'record') return { type: untyped(SEVERAL), spelled: 'any' }
  if (joined) return { type: untyped('lists that are joined in one value can be read in two ways') }
  return isPlain(type.items) || type.items === FILE
    ? { type }
    : { type: untyped('its items are not plain values'), spelled: 'any' }
}

const SEVERAL = 'objects in a query or a form can be written in several ways'

function withBrackets(type: ArgumentType): ArgumentSpelling {
  if (type.kind === 'untyped') return { type, spelled: 'any' }
  if (isPlain(type) || type === FILE) return { type }
  // A file has no members that a name could spell.
  return hasFile(type)
    ? { type: untyped('there are files in it'), spelled: 'any' }
    : { type: nameable(type), spelled: 'brackets' }
}

function isPlain(type: ArgumentType): type is ScalarType {
  return type.kind !== 'record' && type.kind !== 'set' && type.kind !== 'untyped'
}

function hasFile(type: ArgumentType): boolean {
  if (type.kind === 'set') return hasFile(type.items)
  return type === FILE || (type.kind === 'record' && type.fields.some((each) => hasFile(each.type)))
}

/** A member with brackets in its own name cannot be told from a member of a member. */
function nameable<T extends TypedType>(type: T): T {
  if (type.kind === 'set') return { ...type, items: nameable(type.items) }
  if (type.kind !== 'record') return type
  const fields = type.fields.map((field) => {
    if (/[[\]]/.test(field.name)) return { ...field, type: untyped('it has brackets in its name') }
    return field.type.kind === 'untyped' ? field : { ...field, type: nameable(field.type) }
  })
  return { ...type, fields }
}
