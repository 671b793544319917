import type { Argument, ArgumentSchema, ArgumentType } from '@remit/engine'
import {
  BYTES,
  FILE,
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
const MULTIPART = 'multipart/form-data'

const NONE: OpenApiBody = { body: { form: 'none', required: false, open: false }, arguments: [] }

/**
 * The members of a JSON body, each an argument; any other JSON as one argument `body`; the fields and files of a form; text and bytes
 * as one argument `body` of their digest. One operation has one kind of body, so that the same bytes are never two calls.
 */
export function readRequestBody(reader: OperationReader, operation: JsonObject): OpenApiBody {
  const node = operation.get('requestBody')
  if (node === undefined) return NONE
  const resolved = resolve(reader.document, node)
  if (!resolved.ok) return opaque(`of the body: ${resolved.reason}`, false)
  const required = resolved.value.get('required') === true
  const content = objectAt(resolved.value, 'content')
  const media = objectAt(content, 'application/json') ?? objectAt(content, '*/*')
  return media ? readJson(reader, media, required) : readOther(reader, content, required)
}

function readOther(
  reader: OperationReader,
  content: JsonObject | undefined,
  required: boolean,
): OpenApiBody {
  const form = objectAt(content, FORM)
  if (form) return readForm(reader, form, { required, form: 'form' })
  const multipart = objectAt(content, MULTIPART)
  if (multipart) return readForm(reader, multipart, { required, form: 'multipart' })
  const types = [...(content?.keys() ?? [])]
  const media = types.map((type) => type.toLowerCase()).filter((type) => BINARY.test(type))
  if (media.length === 0 || !reader.count())
    return opaque(`the body is not JSON (${types.join(', ') || 'no media type'})`, required)
  return {
    body: { form: 'bytes', required, open: false, media },
    arguments: [{ name: 'body', wire: '', place: 'body', required, nullable: false, type: BYTES }],
  }
}

/** Types and ranges of text and bytes: neither made of parts, nor JSON, whose members would be unseen. */
const BINARY =
  /^(?!multipart\/|message\/|application\/\*|\*)(?!.*[/+]json$)[a-z0-9][a-z0-9!#$&^_.+-]*\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/

function readJson(reader: OperationReader, media: JsonObject, required: boolean): OpenApiBody {
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

/**
 * The fields of a form: plain values, files, and lists of them by repeating the name (OpenAPI 3.1, 4.8.15.1: the default for
 * a form).
 */
function readForm(
  reader: OperationReader,
  media: JsonObject,
  { form, required }: { readonly form: 'form' | 'multipart'; readonly required: boolean },
): OpenApiBody {
  if (media.has('encoding') && form === 'form')
    return opaque('the form is encoded in a way of its own', required)
  reader.takesFiles = form === 'multipart'
  const { type } = readSchema(reader, media.get('schema'))
  reader.takesFiles = false
  if (type.kind !== 'record') return opaque('the form is no object with fields', required)
  return {
    body: { form, required, open: type.open },
    arguments: type.fields.map((field) => ({
      ...{ ...field, type: inForm(field.type), wire: field.name },
      place: 'body' as const,
    })),
  }
}

function inForm(type: ArgumentType): ArgumentType {
  const plain = type.kind === 'set' ? type.items : type
  return plain !== FILE && (plain.kind === 'record' || plain.kind === 'set')
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
