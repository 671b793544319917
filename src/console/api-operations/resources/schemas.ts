import type { Static } from 'typebox'
import type { SchemaKit } from '../../operation-kit/operation.ts'

/** Bytes of an import: the document is a string in JSON, what the catalog takes and room for its quotes and line breaks. */
export const IMPORT_BYTES = 48 * 1024 * 1024

/** Owners of an API, as rules name them. */
export const Owners = ({ Type }: SchemaKit) =>
  Type.Array(
    Type.String({ maxLength: 80, pattern: '^(group:[a-z0-9-]+|person:psn_[A-Za-z0-9_-]+)$' }),
    {
      maxItems: 10,
      description:
        'people and groups, as rules name them; an import that leaves it out changes nothing',
    },
  )

export const ImportBody = (kit: SchemaKit) => {
  const { exactly, Name, Type } = kit
  return exactly({
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
    a2a: Type.Optional(
      Type.String({
        maxLength: 2048,
        description:
          'instead of a document: the address of an A2A agent. Its card is read from `/.well-known/agent-card.json` there, with the credential of `connection`',
      }),
    ),
    graphql: Type.Optional(
      Type.Unknown({
        description:
          'instead of a document: the schema of a GraphQL API, as text of its definition language, or the answer to an introspection query; with `upstream`, its endpoint',
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
    owners: Type.Optional(Owners(kit)),
    direct: Type.Optional(
      Type.String({
        maxLength: 2048,
        description:
          'the public address of an API that agents call directly and that asks about each call itself; it is its identifier. Default: behind the gateway',
      }),
    ),
  })
}

export const Imported = ({ Type }: SchemaKit) => {
  const names = (description: string) => Type.Array(Type.String(), { description })
  return Type.Object({
    resource: Type.String(),
    unchanged: Type.Boolean(),
    added: names('new actions, which count'),
    changed: names('actions whose new definition counts'),
    removed: names('actions that are no more'),
    quarantined: names('actions whose definition changed: no calls before it is accepted'),
    waiting: names('new actions that wait for review'),
    restored: names('actions that were quarantined and are as they were reviewed'),
    notes: Type.Array(Type.String()),
    uncallable: Type.Array(Type.Object({ action: Type.String(), reason: Type.String() }), {
      description: 'operations that the gateway cannot call as they are described, with the reason',
    }),
    untyped: Type.Array(
      Type.Object({
        reason: Type.String(),
        count: Type.Integer(),
        examples: Type.Array(Type.String()),
      }),
      { description: 'what bounds and policies cannot see of it, grouped by the reason' },
    ),
  })
}

const Differences = ({ Type }: SchemaKit) => {
  const value = Type.Union([Type.String(), Type.Null()])
  return Type.Array(Type.Object({ field: Type.String(), before: value, after: value }), {
    description: 'field by field; null where there is none',
  })
}

/** Import with what it changes of each action. */
export const Previewed = (kit: SchemaKit) =>
  kit.Type.Intersect([
    Imported(kit),
    kit.listOf(
      'changes',
      kit.Type.Object({
        action: kit.Type.String(),
        kind: kit.Type.Enum(['changed', 'added', 'removed']),
        differences: Differences(kit),
      }),
    ),
  ])

/** A definition that is offered and not accepted. */
export const Offered = (kit: SchemaKit) => {
  const { Time, Type } = kit
  return Type.Object({
    action: Type.String(),
    kind: Type.Enum(['changed', 'added'], {
      description: '`changed`: the action is quarantined; `added`: it is new',
    }),
    state: Type.Enum(['waiting', 'rejected']),
    digest: Type.String({ description: 'names what is offered; say it to accept or reject' }),
    source: Type.Enum(['import', 'server'], {
      description: '`import`, or `server`: an MCP server changed it by itself',
    }),
    offered_at: Time,
    offered_by: Type.String(),
    reviewed_at: Type.Union([Time, Type.Null()]),
    reviewed_by: Type.Union([Type.String(), Type.Null()]),
    reviewed_digest: Type.Union([Type.String(), Type.Null()]),
    unreadable: Type.Union([Type.String(), Type.Null()], {
      description: 'why what is offered cannot be used, and so not accepted',
    }),
    differences: Differences(kit),
  })
}

export const ResourceProfile = ({ Action, listOf, Resource, Type }: SchemaKit) =>
  Type.Intersect([
    Resource,
    listOf('actions', Action),
    Type.Object({
      owner_names: Type.Array(Type.String(), {
        description: 'of each of `owners`; only administrators are told names of people',
      }),
      names: Type.Array(Type.Object({ action: Type.String(), name: Type.String() }), {
        description: 'of a group: what its members offer, by the names that clients see there',
      }),
      look_alikes: Type.Array(
        Type.Object({
          actions: Type.Array(Type.String()),
          how: Type.Enum(['same', 'alike', 'one'], {
            description:
              '`same`: one name at several members; `alike`: names that could be taken for each other; `one`: they would have one name in the group',
          }),
          held: Type.Boolean({ description: 'kept out until an administrator lets them in' }),
        }),
        { description: 'of a group: names of several members that look alike' },
      ),
    }),
  ])

export type ResourceProfileAnswer = Static<ReturnType<typeof ResourceProfile>>
export type ActionAnswer = Static<SchemaKit['Action']>
