import type { JsonObject } from '../../lib/json.ts'
import type { Argument, ArgumentSchema } from '../argument.ts'
import { mergeAllOf } from './all-of.ts'
import { objectAt } from './document.ts'
import { type Reader, untyped } from './reader.ts'
import { resolve } from './references.ts'
import { readMembers, readSchema } from './schema.ts'

export interface ReadBody {
  readonly body: ArgumentSchema['body']
  readonly arguments: readonly Argument[]
}

const NONE: ReadBody = { body: { form: 'none', required: false, open: false }, arguments: [] }

/** The members of a JSON body, each an argument; any other JSON as one argument `body`; anything but JSON is not typed. */
export function readRequestBody(reader: Reader, operation: JsonObject): ReadBody {
  const node = operation.get('requestBody')
  if (node === undefined) return NONE
  const resolved = resolve(reader.document, node)
  if (!resolved.ok) return opaque(`of the body: ${resolved.reason}`, false)
  const required = resolved.value.get('required') === true
  const content = objectAt(resolved.value, 'content')
  const media = objectAt(content, 'application/json') ?? objectAt(content, '*/*')
  if (media === undefined) {
    const types = [...(content?.keys() ?? [])].join(', ')
    return opaque(`the body is not JSON (${types || 'no media type'})`, required)
  }
  const members = objectSchema(reader, media)
  if (members !== undefined) return readObject(reader, members, required)
  if (!reader.count()) return opaque('too many fields', required)
  const { type, nullable } = readSchema(reader, media.get('schema'))
  return {
    body: { form: 'whole', required, open: false },
    arguments: [{ name: 'body', wire: '', place: 'body', required, nullable, type }],
  }
}

function readObject(reader: Reader, schema: JsonObject, required: boolean): ReadBody {
  const { fields, open } = readMembers(reader, schema, [])
  return {
    body: { form: 'members', required, open },
    arguments: fields.map((field) => ({ ...field, wire: field.name, place: 'body' as const })),
  }
}

/** The schema of the body when it is an object with members of its own. */
function objectSchema(reader: Reader, media: JsonObject): JsonObject | undefined {
  const resolved = resolve(reader.document, media.get('schema'))
  if (!resolved.ok) return undefined
  const schema = mergeAllOf(reader.document, resolved.value)
  if (typeof schema === 'string' || schema.has('oneOf') || schema.has('anyOf')) return undefined
  return schema.has('properties') ? schema : undefined
}

function opaque(reason: string, required: boolean): ReadBody {
  return {
    body: { form: 'opaque', required, open: false },
    arguments: [
      { name: 'body', wire: '', place: 'body', required, nullable: false, type: untyped(reason) },
    ],
  }
}
