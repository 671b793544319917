import { Type } from 'typebox'
import type { Imported as Done } from '../../catalog-changes/index.ts'
import { Name } from '../../operations/schemas.ts'

const closed = { additionalProperties: false } as const

/** The document is a string in JSON: what the catalog takes, and room for its quotes and line breaks. */
export const IMPORT_BYTES = 48 * 1024 * 1024

export const ImportBody = Type.Object(
  {
    document: Type.Optional(
      Type.Unknown({
        description: 'the OpenAPI document: an object, or its JSON or YAML text',
      }),
    ),
    mcp: Type.Optional(
      Type.String({
        maxLength: 2048,
        description:
          'instead of a document: the address of an MCP server (Streamable HTTP). It is asked for what it offers, with the credential of `connection`',
      }),
    ),
    accept: Type.Optional(
      Type.Boolean({
        description:
          'what differs from what was reviewed counts at once. Left out: it waits for review, and what changed is quarantined until then',
      }),
    ),
    upstream: Type.Optional(
      Type.String({
        maxLength: 2048,
        description:
          'where the API really is; of an MCP server it is its address. Left out: where it was, else the first server of the document',
      }),
    ),
    title: Type.Optional(Type.String({ maxLength: 200 })),
    trusted: Type.Optional(
      Type.Boolean({
        description:
          'inside the trust domain: receives transaction tokens. Left out: as it was, as long as the upstream keeps its origin; else no',
      }),
    ),
    connection: Type.Optional(
      Type.Union([Name, Type.Null()], {
        description:
          'whose credential the gateway puts in; null for none. Left out: as it was, as long as the upstream keeps its origin; else none',
      }),
    ),
    direct: Type.Optional(
      Type.String({
        maxLength: 2048,
        description:
          'the public address of an API that agents call directly and that asks about each call itself; it is its identifier. Default: behind the gateway',
      }),
    ),
  },
  closed,
)

const Names = (description: string) => Type.Array(Type.String(), { description })

export const Imported = Type.Object({
  resource: Type.String(),
  unchanged: Type.Boolean(),
  added: Names('new actions, which count'),
  changed: Names('actions whose new definition counts'),
  removed: Names('actions that are no more'),
  quarantined: Names('actions whose definition changed: no calls before somebody accepts it'),
  waiting: Names('new actions that wait for review'),
  restored: Names('actions that were quarantined and are as they were reviewed'),
  notes: Type.Array(Type.String()),
  untyped: Type.Array(
    Type.Object({
      reason: Type.String(),
      count: Type.Integer(),
      examples: Type.Array(Type.String()),
    }),
    { description: 'what bounds and policies cannot see of it, grouped by the reason' },
  ),
})

export function importedShape(done: Done) {
  return {
    resource: done.resource,
    unchanged: done.unchanged,
    added: [...done.added],
    changed: [...done.changed],
    removed: [...done.removed],
    quarantined: [...done.quarantined],
    waiting: [...done.waiting],
    restored: [...done.restored],
    notes: [...done.notes],
    untyped: done.untyped.map((each) => ({ ...each, examples: [...each.examples] })),
  }
}
