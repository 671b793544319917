import type { Argument, ArgumentLocation, ArgumentType } from '@remit/engine'
import { isList, type JsonObject } from '../../../platform/lib/json.ts'
import {
  isUsableName,
  type OperationReader,
  readOpenapiSchema,
  resolve,
  textAt,
  untyped,
} from '../../argument-types/index.ts'
import { spelledAs } from './spelling.ts'

export interface ReadParameters {
  readonly arguments: readonly Argument[]
  /** Headers and cookies: sent on when the gateway allows them, never typed. */
  readonly elsewhere: readonly { readonly at: string; readonly reason: string }[]
  /** All of them, as the document describes them. */
  readonly described: readonly JsonObject[]
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
      if (!reader.count()) continue
      // A parameter of its own wins over a member of an object that is spread over the query.
      const isTaken = ({ wire }: Argument) =>
        wire !== name &&
        (found.has(`query ${wire}`) ||
          args.some((each) => each.place === 'query' && each.wire === wire))
      args.push(...readParameter(reader, parameter, name, place).filter((each) => !isTaken(each)))
    } else elsewhere.push({ at: `(${place}) ${name}`, reason: `it is sent in a ${place}` })
  }
  return { arguments: args, elsewhere, described: [...found.values()] }
}

function readParameter(
  reader: OperationReader,
  parameter: JsonObject,
  wire: string,
  place: ArgumentLocation,
): readonly Argument[] {
  const required = place === 'path' || parameter.get('required') === true
  const common = { name: wire, wire, place, required, nullable: false }
  if (!isUsableName(wire))
    return [{ ...common, type: untyped('its name cannot be used in policies') }]
  if (parameter.has('content'))
    return [{ ...common, type: untyped('it is a document inside a parameter') }]
  reader.asText = true
  const { blank, type } = readOpenapiSchema(reader, parameter.get('schema'))
  reader.asText = false
  if (place === 'path') return [{ ...common, type: inPath(type) }]
  const argument = {
    ...common,
    ...spelledAs(type, parameter),
    ...(blank ? { blank } : {}),
  }
  const isSpread = type.kind === 'record' && argument.spelled === 'any'
  if (!isSpread) return [argument]
  // Its members are parameters by themselves (`form`, exploded, which is the default); some APIs read it as one all the same.
  const members = type.fields.map((field): Argument => {
    const { name } = field
    const spelling = spelledAs(field.type, undefined)
    return { ...field, ...spelling, wire: name, place, required: required && field.required }
  })
  return [...members, { ...argument, required: false }]
}

function inPath(type: ArgumentType): ArgumentType {
  if (type.kind === 'record') return untyped('objects in a path can be written in several ways')
  return type.kind === 'set'
    ? untyped('lists that are joined in one value can be read in two ways')
    : type
}
