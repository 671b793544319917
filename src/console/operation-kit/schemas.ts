import { RISKS } from '@remit/engine/risk'
import { type TArray, type TProperties, type TSchema, Type } from 'typebox'
import type { Action as CatalogAction } from '../../catalog/catalog/index.ts'

export const closed = { additionalProperties: false } as const

/** An object with these members and no others. */
export function exactly<P extends TProperties>(members: P) {
  return Type.Object(members, closed)
}

export { Type }

export const Name = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,61}[a-z0-9]$',
  description: 'lower-case letters, digits and hyphens',
})
/**
 * A text that is a secret. `writeOnly` (JSON Schema section 9.4) is what confirmations look at: a secret is shown as a digest, and
 * nothing else is.
 */
export const secretText = (options: {
  minLength?: number
  maxLength: number
  description?: string
}) => Type.String({ ...options, writeOnly: true })
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })
export const Nothing = Type.Object({}, closed)
export const ByName = Type.Object({ name: Name }, closed)
export const ById = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed)
export const Reason = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 500 })) },
  closed,
)
export const Suspending = Type.Object(
  {
    reason: Type.Optional(Type.String({ maxLength: 500 })),
    close_tasks: Type.Optional(
      Type.Boolean({ description: 'ends all open tasks, too; default: they go on when resumed' }),
    ),
  },
  closed,
)
export const OpenTasks = Type.Object({
  open_tasks: Type.Integer({
    description: 'tasks that are not closed, as of now: they go on with their keys when resumed',
  }),
})
export const Page = {
  limit: Type.Optional(
    Type.String({
      pattern: '^[1-9]\\d{0,2}$',
      description: 'at most this many, 50 by default, 200 at most',
    }),
  ),
}

const DetailType = Type.Enum(['remit_call', 'remit_delegate'])
const Texts = Type.Immutable(Type.Array(Type.String()))
const Bound = Type.Object(
  {
    path: Type.String(),
    op: Type.Enum(['eq', 'in', 'lte', 'gte', 'prefix']),
    value: Type.Union([Type.String(), Texts]),
  },
  closed,
)

export const Detail = Type.Object(
  {
    type: DetailType,
    locations: Type.Array(Type.String(), { minItems: 1, maxItems: 64 }),
    actions: Type.Array(Type.String(), { minItems: 1, maxItems: 256 }),
    bounds: Type.Optional(Type.Array(Bound)),
  },
  {
    ...closed,
    description:
      'A detail of authority (docs/architecture.md): locations, actions and bounds on typed arguments',
  },
)

/** Detail as it is kept and answered. */
export const KeptDetail = Type.Object({
  type: DetailType,
  locations: Texts,
  actions: Texts,
  bounds: Type.Immutable(Type.Array(Bound)),
})

/** A limit of a budget or a standing one, as it is answered. */
export const Limit = Type.Object({
  name: Type.String({ description: 'says what is counted, and how' }),
  kind: Type.Enum(['calls', 'sum', 'charged', 'rows']),
  most: Type.String({ description: 'exact decimal text, like all amounts here' }),
  action: Type.Optional(Type.String()),
  path: Type.Optional(
    Type.String({ description: 'JSON Pointer, into the arguments or the answer' }),
  ),
  reserve: Type.Optional(
    Type.String({ description: 'what a call takes until its answer is known' }),
  ),
  seconds: Type.Optional(Type.Integer({ description: 'in any so many seconds; else for ever' })),
  used: Type.Optional(Type.String({ description: 'where it is counted here, like `left`' })),
  left: Type.Optional(Type.String()),
})

export const Person = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  issuer: Type.String(),
  subject: Type.String(),
  groups: Type.Array(Type.String()),
  status: Type.String(),
})

export const Agent = Type.Object({
  id: Name,
  name: Type.String(),
  description: Type.String(),
  owner: Type.String({ description: 'a person id' }),
  owner_name: Type.Union([Type.String(), Type.Null()]),
  trust: Type.Integer({ minimum: 0, maximum: 3 }),
  status: Type.Enum(['active', 'suspended', 'retired']),
  ceiling: Type.Array(KeptDetail),
  created_at: Time,
  admission: Type.Union([Type.String(), Type.Null()], {
    description:
      'of one that came by itself: the admission rule that let it in, empty when none did; else null',
  }),
  origin: Type.Enum(['registered', 'dynamic', 'document', 'issuer'], {
    description:
      '`registered` by an administrator; `dynamic`: it registered itself; `document`: its client id is the address of a metadata document; `issuer`: a trusted issuer vouches for it',
  }),
  vouched_by: Type.Enum(['administrator', 'issuer', 'address', 'nobody'], {
    description:
      'who stands for its name: `administrator`, `issuer`, `address` (the owner of the host of its document), or `nobody`',
  }),
  client_url: Type.Union([Type.String(), Type.Null()], {
    description: 'its OAuth client id, where that is not its own id',
  }),
  notify_at: Type.Union([Type.String(), Type.Null()], {
    description: 'where it is told that people have answered',
  }),
  suspended_for: Type.Union([Type.Enum(['dormant', 'uncertified']), Type.Null()], {
    description:
      'why it stopped by itself: `dormant`, too long without a task; `uncertified`, its owner did not recertify it in time; else null',
  }),
  recertify_by: Type.Union([Time, Type.Null()], {
    description: 'when it stops unless its owner says before that it is still wanted',
  }),
  recertify_days: Type.Union([Type.Integer(), Type.Null()], {
    description: 'how long that word counts',
  }),
})

export const Resource = Type.Object({
  name: Name,
  title: Type.String(),
  identifier: Type.String(),
  mode: Type.Enum(['gateway', 'direct']),
  upstream: Type.Union([Type.String(), Type.Null()], {
    description: 'told to administrators, like `connection` and `server`; null for others',
  }),
  trusted: Type.Boolean(),
  connection: Type.Union([Type.String(), Type.Null()]),
  protocol: Type.Enum(['http', 'mcp', 'a2a', 'graphql']),
  server: Type.Union([Type.Object({ name: Type.String(), version: Type.String() }), Type.Null()], {
    description:
      'what an MCP server or an A2A agent said about itself when it was imported; null for an HTTP API',
  }),
  mappings_trusted: Type.Boolean({
    description: 'whether what its tools say about requests to decision points of others counts',
  }),
  server_asks: Type.Enum(['nothing', 'sampling', 'roots', 'both'], {
    description: 'parts of the client, besides people, that an MCP server may ask while it works',
  }),
  shows: Type.Enum(['callable', 'requestable'], {
    description:
      'extent of the lists of an MCP server: what a task may call, or what it could ask for, too',
  }),
  members: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'MCP servers that a group offers under its one address; null: it is no group',
  }),
  owners: Type.Array(Type.String(), {
    description: 'people and groups whom rules mean by `owner`: `group:orders`, `person:psn_…`',
  }),
  tokens: Type.Object({
    form: Type.Enum(['jwt', 'opaque'], {
      description: '`jwt`, or `opaque`: they say nothing, and introspection tells',
    }),
    subjects: Type.Enum(['public', 'pairwise'], {
      description: '`public`, or `pairwise`: people have a name that they have at no other API',
    }),
    bearer: Type.Enum(['refused', 'allowed'], {
      description: '`refused`, or `allowed`: clients that prove no key get them, too',
    }),
    claims: Type.Array(Type.Object({ claim: Type.String(), from: Type.String() }), {
      description: 'further claims, and the fact that each says',
    }),
  }),
  status: Type.Enum(['active', 'suspended', 'removed']),
})

export const Action = Type.Object({
  name: Type.String({ description: 'its own name, which is stored, signed and never changes' }),
  names: Type.Array(Type.String(), {
    description: 'names that administrators gave it, the latest first; each means this action',
  }),
  method: Type.String(),
  path: Type.String(),
  access: Type.Enum(['read', 'write']),
  risk: Type.Enum(RISKS),
  risk_proposed: Type.Boolean(),
  sentence: Type.String(),
  counterparty: Type.Union([Type.String(), Type.Null()], {
    description: 'pointer to the argument that says whom a call is about; see docs/risk.md',
  }),
  size: Type.Union([Type.String(), Type.Null()], {
    description: 'pointer to the one that says how large it is',
  }),
  displays: Type.Record(Type.String(), Type.String(), {
    description: 'how people are shown arguments, by pointer: `currency:EUR`, `date` and the like',
  }),
  preview: Type.Union(
    [
      Type.Object({
        action: Type.String(),
        arguments: Type.Record(Type.String(), Type.String()),
        shows: Type.Enum(['now', 'result']),
      }),
      Type.Null(),
    ],
    { description: 'action that shows approvers what a call is about' },
  ),
  definition: Type.Unknown({
    description: 'of an MCP server: what was reviewed and is shown to clients; else null',
  }),
  description: Type.Union([Type.String(), Type.Null()]),
  /** Types of arguments have arguments in them: the catalog says how. */
  arguments: Type.Unsafe<CatalogAction['arguments']>({ type: 'object' }),
  untyped: Type.Array(
    Type.Object({ at: Type.String({ description: 'where it is' }), reason: Type.String() }),
  ),
  accepted_at: Type.Union([Time, Type.Null()], {
    description: 'since when this definition counts',
  }),
  quarantined: Type.Boolean({
    description: 'another definition is offered and not accepted: no calls until then',
  }),
})

export const Task = Type.Object({
  id: Type.String(),
  state: Type.Enum(['open', 'suspended', 'closed']),
  purpose: Type.String(),
  person: Type.String(),
  agent: Type.String(),
  parent: Type.Union([Type.String(), Type.Null()]),
  root: Type.String({ description: 'the task at the top of its tree' }),
  actors: Type.Array(
    Type.Object({
      iss: Type.String(),
      sub: Type.String(),
      sub_profile: Type.Optional(Type.String()),
    }),
    { description: 'agents of other organizations that acted before, the latest first' },
  ),
  opened_by: Type.String({
    description: '`exchange`, `sponsor`, `code`, `child`, `token` or `assertion`',
  }),
  sponsored: Type.Boolean({ description: 'no person is present: `person` is the sponsor' }),
  sponsor_grant: Type.Union([Type.String(), Type.Null()]),
  space: Type.Union([Type.String(), Type.Null()]),
  thread: Type.Union([Type.String(), Type.Null()]),
  details: Type.Array(KeptDetail),
  may_delegate: Type.Array(KeptDetail, { description: 'what children may get at most' }),
  budget: Type.Array(Limit, {
    description:
      'limits of the task and all below it together; with `used` and `left` where one task or a tree is shown',
  }),
  opened_at: Time,
  deadline: Time,
  closed_at: Type.Union([Time, Type.Null()]),
  close_reason: Type.Union([Type.String(), Type.Null()]),
})

/** Budget, which `readBudget` of tasks reads. */
export const Budget = Type.Array(Type.Unknown(), {
  maxItems: 8,
  description:
    'limits: `{"limit":"calls","max":20}` or `{"limit":"sum","action":"orders.refund","path":"/amount","max":"500.00"}`; with `"seconds":3600` in any hour; calls with `"action"` those of one action. Of what answers say `{"limit":"rows","action":"crm.search","path":"/customers","max":5000,"reserve":"/limit"}` or `{"limit":"charged","action":"orders.charge","path":"/total","max":"500.00","reserve":"50.00"}`',
})

/** One of them. */
export const LimitGiven = Type.Unknown({
  description:
    '`{"limit":"calls","max":20,"seconds":3600}` or `{"limit":"sum","action":"orders.refund","path":"/amount","max":"500.00","seconds":86400}`; without `seconds` for ever, calls with `action` those of one action. Of what answers say `{"limit":"rows","action":"crm.search","path":"/customers","max":5000,"reserve":"/limit"}` or `{"limit":"charged","action":"orders.charge","path":"/total","max":"500.00","reserve":"50.00"}`, where `reserve` is taken until the answer is known: an amount, or the argument that says how much at most',
})

export const AccessRequest = Type.Object({
  id: Type.String(),
  state: Type.String(),
  task: Type.String(),
  agent: Type.String(),
  person: Type.String(),
  action: Type.String(),
  text: Type.String({ description: 'the sentence; after 300 characters the page goes on' }),
  risk: Type.String(),
  page: Type.String(),
  created_at: Time,
  expires_at: Time,
})

export const Decision = Type.Object({
  id: Type.String(),
  at: Time,
  outcome: Type.Enum(['permit', 'deny', 'requestable', 'challenged']),
  reason: Type.String(),
  state: Type.String(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  task: Type.Union([Type.String(), Type.Null()]),
  agent: Type.Union([Type.String(), Type.Null()]),
  person: Type.Union([Type.String(), Type.Null()]),
  action: Type.Union([Type.String(), Type.Null()]),
})

/** An act that waits for a yes on a page; nothing was done yet. */
export const Confirmation = Type.Object({
  confirmation: Type.Object({ id: Type.String(), url: Type.String(), expires_at: Time }),
})

/** A refusal (RFC 9457). `type` is `urn:remit:problem:<code>`. */
export const ProblemDocument = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: 'see docs/problems' }),
    request_id: Type.String(),
  },
  { description: 'Why not (RFC 9457). Some codes have members of their own.' },
)

/** `{ <name>: [ … ] }` */
export function listOf<const N extends string, S extends TSchema>(name: N, schema: S) {
  const members = { [name]: Type.Array(schema) } as Record<N, TArray<S>> // a computed key loses its literal type
  return Type.Object(members)
}

/** Most items of a list that can be long. */
export const MAX_ITEMS = 1000

/** A part of the query of a list that is read page by page. */
export const PageQuery = {
  limit: Type.Optional(
    Type.String({
      pattern: '^(?:[1-9]\\d{0,2}|1000)$',
      description: 'at most this many, 1000 when left out',
    }),
  ),
  after: Type.Optional(
    Type.String({ maxLength: 64, description: 'id of the last one of the page before' }),
  ),
}

/** A page of a list: `name` holds the items. */
export function paginated<const N extends string, S extends TSchema>(name: N, schema: S) {
  const members = { [name]: Type.Array(schema) } as Record<N, TArray<S>> // a computed key loses its literal type
  return Type.Object({
    ...members,
    more: Type.Boolean({ description: 'there are others behind these: ask `after` the last' }),
  })
}
