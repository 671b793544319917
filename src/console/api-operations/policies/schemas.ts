import type { SchemaKit } from '../../operation-kit/operation.ts'

/** Size of a body with policies and their tests. */
export const MAX_BYTES = 8 * 1024 * 1024

export const PolicyText = ({ Type }: SchemaKit) =>
  Type.String({ maxLength: 1_000_000, description: 'Cedar policies' })

export const Note = ({ Type }: SchemaKit) => Type.Optional(Type.String({ maxLength: 500 }))

export const VersionName = ({ Type }: SchemaKit) =>
  Type.String({ pattern: '^(active|[1-9]\\d{0,8})$' })

export const Mistake = ({ Type }: SchemaKit) =>
  Type.Object({
    policy: Type.Optional(Type.String({ description: 'its id, when it has one' })),
    line: Type.Integer({
      description: 'in the whole text (of a set: in that part), like `column`',
    }),
    column: Type.Integer(),
    message: Type.String(),
    help: Type.Optional(Type.String({ description: 'what would help' })),
  })

const FileName = ({ Type }: SchemaKit) => Type.String({ minLength: 1, maxLength: 300 })

export const Files = (kit: SchemaKit) =>
  kit.Type.Array(kit.exactly({ file: FileName(kit), line: kit.Type.Integer({ minimum: 1 }) }), {
    maxItems: 500,
    description: 'the files that the text was put together from, and the line that each begins in',
  })

export const Tests = (kit: SchemaKit) =>
  kit.Type.Array(
    kit.exactly({ file: FileName(kit), text: kit.Type.String({ maxLength: 1_000_000 }) }),
    {
      maxItems: 200,
      description:
        'files of tests (YAML); when left out, the tests of the version in force go on to hold',
    },
  )

export const RuleChange = ({ Type }: SchemaKit) =>
  Type.Object({
    id: Type.String({ description: 'of the rule' }),
    change: Type.Enum(['added', 'removed', 'changed', 'reworded']),
    line: Type.Integer({ description: 'where it begins; of a removed one, in the older text' }),
    notes: Type.Immutable(Type.Array(Type.String({ description: 'what it means' }))),
    lines: Type.Immutable(
      Type.Array(Type.Object({ sign: Type.Enum([' ', '+', '-']), text: Type.String() })),
    ),
  })

export const PublishedPolicies = (kit: SchemaKit) =>
  kit.Type.Object({
    version: kit.Type.Integer(),
    digest: kit.Type.String(),
    tested: kit.Type.Integer({ description: 'tests that hold' }),
    warnings: kit.Type.Array(Mistake(kit)),
  })

export const PolicyVersion = ({ Time, Type }: SchemaKit) =>
  Type.Object({
    version: Type.Integer(),
    digest: Type.String(),
    note: Type.String(),
    published_by: Type.String({ description: 'a person id, or what the server did by itself' }),
    published_by_name: Type.Union([Type.String(), Type.Null()]),
    published_at: Time,
  })

/** Body of a draft that is not published. */
export const Draft = (kit: SchemaKit) => kit.exactly({ text: PolicyText(kit), note: Note(kit) })
