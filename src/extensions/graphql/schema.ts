import {
  buildClientSchema,
  buildSchema,
  GraphQLError,
  type GraphQLSchema,
  type IntrospectionQuery,
  parse,
  print,
  printSchema,
  validateSchema,
  visit,
} from 'graphql'
import { badDocument } from '../../catalog/argument-types/index.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'

const MAX_CHARACTERS = 4 * 1024 * 1024
const MAX_TOKENS = 500_000

/**
 * Reads the schema of an API: its definition language, or the answer to an introspection query, as text or parsed.
 * @throws Problem `catalog.bad_document`
 */
export function readSchema(source: unknown): GraphQLSchema {
  const text = typeof source === 'string' ? source : JSON.stringify(source)
  if (text.length > MAX_CHARACTERS)
    throw badDocument(`the schema is longer than ${MAX_CHARACTERS} characters`)
  try {
    const schema = /^\s*\{/.test(text)
      ? buildClientSchema(introspectionIn(text))
      : buildSchema(text, { noLocation: true, maxTokens: MAX_TOKENS })
    const [mistake] = validateSchema(schema)
    if (mistake) throw mistake
    return schema
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : ''
    throw badDocument(`the document is no GraphQL schema: ${why}`, error)
  }
}

/** Introspection comes bare, or as the `data` of an answer. */
function introspectionIn(text: string): IntrospectionQuery {
  const answer = JSON.parse(text) as { readonly data?: IntrospectionQuery } & IntrospectionQuery // looked through by buildClientSchema
  return answer.data ?? answer
}

/** The definition language of a schema, without descriptions: what operations are read by. */
export function schemaText(schema: GraphQLSchema): string {
  return print(
    visit(parse(printSchema(schema), { noLocation: true }), {
      enter: (node) =>
        'description' in node && node.description ? { ...node, description: undefined } : undefined,
    }),
  )
}

/** Schemas take tens of milliseconds to build, and serve many calls. */
const BUILT = new LruCache<GraphQLSchema>(16)

/** Schema of a text that `schemaText` has written; `digest` is that of the definition called `name` which holds it. */
export function builtSchema(
  { digest, name }: { readonly digest: string; readonly name: string },
  text: () => string,
): GraphQLSchema {
  return (
    BUILT.get(name, digest) ??
    BUILT.put(name, digest, buildSchema(text(), { noLocation: true, assumeValid: true }))
  )
}

/** Words of an error about a client's operation; anything else that was thrown is a bug. */
export function mistakeIn(error: unknown): string {
  if (error instanceof GraphQLError) return error.message.slice(0, 300)
  throw error
}
