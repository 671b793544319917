import type { Argument, ArgumentSchema, ArgumentType } from '@remit/engine'
import type { JsonObject } from '../../../platform/lib/json.ts'
import {
  BYTES,
  type OperationReader,
  objectAt,
  readOpenapiSchema,
  resolve,
  textAt,
  untyped,
} from '../../argument-types/index.ts'
import { type ArgumentSpelling, spelledAs } from './spelling.ts'

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
  const content = byMediaType(objectAt(resolved.value, 'content'))
  const media = [...JSON_TYPES].flatMap((type) => content.get(type) ?? [])[0]
  return media ? readJson(reader, media, { required }) : readOther(reader, content, required)
}

/** Types under which JSON is taken, the first of them that is there. */
const JSON_TYPES = ['application/json', '*/*', 'application/*'] as const
/** Another type of JSON (RFC 6839): `application/merge-patch+json`. */
const NAMED_JSON = /^[a-z0-9][a-z0-9!#$&^_.-]*\/[a-z0-9][a-z0-9!#$&^_.-]*\+json$/

type Content = ReadonlyMap<string, JsonObject>

/** Media types that are taken, in lower case and without parameters. */
function byMediaType(content: JsonObject | undefined): Content {
  const found = new Map<string, JsonObject>()
  for (const type of content?.keys() ?? []) {
    const name = type.replace(/;.*$/s, '').trim().toLowerCase()
    if (!found.has(name) || name === type) found.set(name, objectAt(content, type) ?? new Map())
  }
  return found
}

function readOther(reader: OperationReader, content: Content, required: boolean): OpenApiBody {
  const form = content.get(FORM)
  if (form) return readForm(reader, form, { required, form: 'form' })
  const multipart = content.get(MULTIPART)
  if (multipart) return readForm(reader, multipart, { required, form: 'multipart' })
  const types = [...content.keys()]
  const media = types.filter((type) => BINARY.test(type))
  // One type, because the same members mean one thing in a merge patch and another in a document.
  const [json] = media.length === 0 ? types.filter((type) => NAMED_JSON.test(type)) : []
  if (json !== undefined)
    return readJson(reader, content.get(json) ?? new Map(), { required, media: [json] })
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

function readJson(
  reader: OperationReader,
  document: JsonObject,
  said: { readonly required: boolean; readonly media?: readonly [string] },
): OpenApiBody {
  const { required } = said
  const { type, nullable } = readOpenapiSchema(reader, document.get('schema'))
  // A body of `null` instead of an object is as good as none, and is not taken.
  if (type.kind === 'record') {
    return {
      body: { form: 'members', open: type.open, ...said },
      arguments: type.fields.map((field) => ({
        ...field,
        wire: field.name,
        place: 'body' as const,
      })),
    }
  }
  if (!reader.count()) return opaque('too many fields', required)
  return {
    body: { form: 'whole', open: false, ...said },
    arguments: [{ name: 'body', wire: '', place: 'body', required, nullable, type }],
  }
}

/**
 * The fields of a form: plain values, files, lists of them by repeating the name (OpenAPI 3.1, 4.8.15.1: the default for a form), and
 * with `deepObject` records and lists under names with brackets. A form that is no object with fields may have any.
 */
function readForm(
  reader: OperationReader,
  media: JsonObject,
  { form, required }: { readonly form: 'form' | 'multipart'; readonly required: boolean },
): OpenApiBody {
  reader.takesFiles = form === 'multipart'
  reader.asText = true
  const { type } = readOpenapiSchema(reader, media.get('schema'))
  reader.takesFiles = false
  reader.asText = false
  if (type.kind !== 'record') {
    reader.note('its form is no object with fields: all of it is passed on unseen')
    return { body: { form, required, open: true }, arguments: [] }
  }
  const encoding = objectAt(media, 'encoding')
  return {
    body: { form, required, open: type.open },
    arguments: type.fields.map((field) => ({
      ...field,
      ...fieldSpelling(field.type, objectAt(encoding, field.name), form),
      ...{ wire: field.name, place: 'body' as const },
    })),
  }
}

/** Media type of a plain value in a form where the description says none (OpenAPI 3.1, 4.8.15). */
const PLAIN_TEXT = /^text\/plain(?:;|$)/i

/** The type of a part does not decide how the gateway reads it; in a form, another type than text is a document in the field. */
function fieldSpelling(
  type: ArgumentType,
  entry: JsonObject | undefined,
  form: 'form' | 'multipart',
): ArgumentSpelling {
  const media = textAt(entry, 'contentType')
  const isStyled = entry?.has('style') || entry?.has('explode')
  // Style wins over a media type (OpenAPI 3.1, 4.8.15.1).
  if (form === 'form' && media !== undefined && !isStyled && !PLAIN_TEXT.test(media))
    return { type: untyped(`it is encoded as \`${media}\``), spelled: 'any' }
  return spelledAs(type, entry)
}

function opaque(reason: string, required: boolean): OpenApiBody {
  return {
    body: { form: 'opaque', required, open: false },
    arguments: [
      { name: 'body', wire: '', place: 'body', required, nullable: false, type: untyped(reason) },
    ],
  }
}
