import { Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Of a body with policies and their tests. */
export const MAX_BYTES = 8 * 1024 * 1024

export const Text = Type.String({ maxLength: 1_000_000, description: 'Cedar policies' })
export const Mistake = Type.Object({
  policy: Type.Optional(Type.String({ description: 'its id, when it has one' })),
  line: Type.Integer({ description: 'in the whole text (of a set: in that part), like `column`' }),
  column: Type.Integer(),
  message: Type.String(),
  help: Type.Optional(Type.String({ description: 'what would help' })),
})

const FileName = Type.String({ minLength: 1, maxLength: 300 })

export const Files = Type.Array(
  Type.Object({ file: FileName, line: Type.Integer({ minimum: 1 }) }, closed),
  {
    maxItems: 500,
    description: 'the files that the text was put together from, and the line that each begins in',
  },
)

export const Tests = Type.Array(
  Type.Object({ file: FileName, text: Type.String({ maxLength: 1_000_000 }) }, closed),
  {
    maxItems: 200,
    description:
      'files of tests (YAML); when left out, the tests of the version in force go on to hold',
  },
)
