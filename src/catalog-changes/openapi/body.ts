import type { Argument, ArgumentSchema, ArgumentType } from '@remit/engine'
import {
  type OperationReader,
  objectAt,
  readSchema,
  resolve,
  untyped,
} from '../../argument-types/index.ts'
import type { JsonObject } from '../../lib/json.ts'

export interface OpenApiBody {
  readonly body: ArgumentSchema['body']
  readonly arguments: readonly Argument[]
}

const FORM = 'application/x-www-form-urlencoded'

const NONE: OpenApiBody = { body: { form: 'none', required: false, open: false }, arguments: [] }

/** The members of a JSON body, each an argument; any other JSON as one argument `body`; anything but JSON is not typed. */
export function readRequestBody(reader: OperationReader, operation: JsonObject): OpenApiBody {
  const node = operation.get('requestBody')
  if (node === undefined) return NONE
  const resolved = resolve(reader.document, node)
  if (!resolved.ok) return opaque(`of the body: ${resolved.reason}`, false)
  const required = resolved.value.get('required') === true
  const content = objectAt(resolved.value, 'content')
  const media = objectAt(content, 'application/json') ?? objectAt(content, '*/*')
  const form = media === undefined ? objectAt(content, FORM) : undefined
  if (form) return readForm(reader, form, required)
  if (media === undefined) {
    const types = [...(content?.keys() ?? [])].join(', ')
    return opaque(`the body is not JSON (${types || 'no media type'})`, required)
  }
  const { type, nullable } = readSchema(reader, media.get('schema'))
  // A body of `null` instead of an object is as good as none, and is not taken.
  if (type.kind === 'record') {
    return {
      body: { form: 'members', required, open: type.open },
      arguments: type.fields.map((field) => ({
        ...field,
        wire: field.name,
        place: 'body' as const,
      })),
    }
  }
  if (!reader.count()) return opaque('too many fields', required)
  return {
    body: { form: 'whole', required, open: false },
    arguments: [{ name: 'body', wire: '', place: 'body', required, nullable, type }],
  }
}

/** The fields of a form: plain values, and lists of them by repeating the name (OpenAPI 3.1, 4.8.15.1: the default for a form). */
function readForm(reader: OperationReader, media: JsonObject, required: boolean): OpenApiBody {
  if (media.has('encoding')) return opaque('the form is encoded in a way of its own', required)
  const { type } = readSchema(reader, media.get('schema'))
  if (type.kind !== 'record') return opaque('the form is no object with fields', required)
  return {
    body: { form: 'form', required, open: type.open },
    arguments: type.fields.map((field) => ({
      ...{ ...field, type: inForm(field.type), wire: field.name },
      place: 'body' as const,
    })),
  }
}

function inForm(type: ArgumentType): ArgumentType {
  const plain = type.kind === 'set' ? type.items : type
  return plain.kind === 'record' || plain.kind === 'set'
    ? untyped('it is no plain value, and has no one spelling in a form')
    : type
}

function opaque(reason: string, required: boolean): OpenApiBody {
  return {
    body: { form: 'opaque', required, open: false },
    arguments: [
      { name: 'body', wire: '', place: 'body', required, nullable: false, type: untyped(reason) },
    ],
  }
}
