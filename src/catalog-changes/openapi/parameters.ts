import type { Argument, ArgumentLocation, ArgumentType } from '@remit/engine'
import {
  isList,
  isUsableName,
  type OperationReader,
  readSchema,
  resolve,
  textAt,
  untyped,
} from '../../argument-types/index.ts'
import type { Json, JsonObject } from '../../lib/json.ts'

export interface ReadParameters {
  readonly arguments: readonly Argument[]
  /** Headers and cookies: sent on when the gateway allows them, never typed. */
  readonly elsewhere: readonly { readonly at: string; readonly reason: string }[]
}

/** Parameters of the path item and of the operation; the operation's win (OpenAPI, "Operation Object"). */
export function readParameters(
  reader: OperationReader,
  item: JsonObject,
  operation: JsonObject,
): ReadParameters {
  const found = new Map<string, JsonObject>()
  for (const list of [item.get('parameters'), operation.get('parameters')]) {
    for (const node of isList(list) ? list : []) {
      reader.spend(1)
      const resolved = resolve(reader.document, node)
      if (!resolved.ok) {
        reader.note(`a parameter is left out: ${resolved.reason}`)
        continue
      }
      found.set(`${textAt(resolved.value, 'in')} ${textAt(resolved.value, 'name')}`, resolved.value)
    }
  }
  const args: Argument[] = []
  const elsewhere: { at: string; reason: string }[] = []
  for (const parameter of found.values()) {
    const name = textAt(parameter, 'name') ?? ''
    const place = textAt(parameter, 'in')
    if (place === 'path' || place === 'query') {
      if (reader.count()) args.push(readParameter(reader, parameter, name, place))
    } else elsewhere.push({ at: `(${place}) ${name}`, reason: `it is sent in a ${place}` })
  }
  return { arguments: args, elsewhere }
}

function readParameter(
  reader: OperationReader,
  parameter: JsonObject,
  wire: string,
  place: ArgumentLocation,
): Argument {
  const required = place === 'path' || parameter.get('required') === true
  const type = isUsableName(wire)
    ? parameterType(reader, parameter, place)
    : untyped('its name cannot be used in policies')
  return { name: wire, wire, place, required, nullable: false, type }
}

/**
 * Reads the type of a parameter that has only one reading: a value as it is, or a list as a
 * repeated query parameter (`form`, exploded, which is the default). Lists joined by commas look
 * the same as a value with a comma in it.
 */
function parameterType(
  reader: OperationReader,
  parameter: JsonObject,
  place: ArgumentLocation,
): ArgumentType {
  if (parameter.has('content')) return untyped('it is a document inside a parameter')
  reader.asText = true
  const { type } = readSchema(reader, parameter.get('schema'))
  reader.asText = false
  if (type.kind === 'record')
    return untyped('objects in a path or query can be written in several ways')
  if (type.kind !== 'set') return type
  if (place === 'path' || !isRepeated(parameter)) {
    return untyped('lists that are joined in one value can be read in two ways')
  }
  return type.items.kind === 'set' || type.items.kind === 'record'
    ? untyped('its items are not plain values')
    : type
}

function isRepeated(parameter: JsonObject): boolean {
  const style: Json | undefined = parameter.get('style')
  return (style === undefined || style === 'form') && parameter.get('explode') !== false
}
