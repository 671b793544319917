import {
  ARGUMENT_LIMITS,
  type ArgumentField,
  type ArgumentSchema,
  type RecordType,
  type ScalarType,
  type TypedType,
} from '@remit/engine'

const TEXT: ScalarType = { kind: 'string' }

function field(name: string, type: TypedType, required = true): ArgumentField {
  return { name, required, nullable: false, type }
}

/** Type of an argument that stands for bytes: a body of text or bytes. `text`: the text itself, where it is a short one. */
export const BYTES: RecordType = {
  kind: 'record',
  open: false,
  fields: [
    field('media_type', TEXT),
    field('size', { kind: 'integer' }),
    field('sha256', TEXT),
    field('text', { kind: 'string', maxLength: ARGUMENT_LIMITS.longestString }, false),
  ],
}

/** Type of an argument that stands for a file of a form. */
export const FILE: RecordType = {
  ...BYTES,
  fields: [field('filename', TEXT), ...BYTES.fields.filter(({ required }) => required)],
}

/** Tells how the bytes of a body are read: forms and bytes as what they are, everything else as JSON. */
export function bodyKind({ form, media }: ArgumentSchema['body']): {
  readonly as: 'json' | 'form' | 'multipart' | 'bytes'
  readonly media: readonly string[] | undefined
  readonly isUnknown: boolean
} {
  const isOther = form === 'form' || form === 'multipart' || form === 'bytes'
  return { as: isOther ? form : 'json', media, isUnknown: form === 'opaque' }
}
