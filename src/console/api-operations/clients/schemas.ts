import type { Static } from 'typebox'
import type { SchemaKit } from '../../operation-kit/operation.ts'

export const KINDS = ['enforcer', 'introspector', 'pep', 'signal-source', 'surface'] as const

export const ByClient = ({ exactly, Name }: SchemaKit) => exactly({ id: Name })

const Issuing = ({ exactly, Name, Type }: SchemaKit) =>
  exactly({
    issuer: Type.String({
      maxLength: 1024,
      description: 'identifier of the server: whose subjects and clients it names',
    }),
    parties: Type.Optional(
      Type.Array(
        exactly({
          type: Type.Enum(['client', 'workload']),
          id: Type.String({ minLength: 1, maxLength: 1024 }),
          agent: Name,
        }),
        {
          maxItems: 256,
          description:
            'which agents act as its clients and workloads, before those that are linked',
        },
      ),
    ),
    audiences: Type.Optional(
      Type.Array(
        exactly({
          id: Type.String({ minLength: 1, maxLength: 1024 }),
          resources: Type.Array(Name, { minItems: 1, maxItems: 64 }),
        }),
        { maxItems: 64, description: 'resources behind audiences that are no identifier of one' },
      ),
    ),
  })

const Resources = ({ Name, Type }: SchemaKit) =>
  Type.Array(Name, {
    minItems: 1,
    maxItems: 256,
    description: 'what it may ask about; everything when left out',
  })

export const PepGiven = (kit: SchemaKit) => {
  const { exactly, Type } = kit
  return exactly({
    mode: Type.Optional(
      Type.Enum(['task', 'policy-only', 'issuance'], {
        description:
          '`task` (default): calls of tasks, by all gates. `policy-only`: by a policy-only set alone. `issuance`: an authorization server, about the tokens that it is to issue',
      }),
    ),
    issuing: Type.Optional(Issuing(kit)),
    policy_set: Type.Optional(Type.String({ description: 'of `policy-only`: name of the set' })),
    resources: Type.Optional(Resources(kit)),
    properties: Type.Optional(
      Type.Boolean({ description: 'whether `properties` of its requests count; default no' }),
    ),
    names_tasks: Type.Optional(
      Type.Boolean({
        description:
          'of `task`: it is believed that the agent of a task it names is the one that calls, without token and proof; default no',
      }),
    ),
    takes: Type.Optional(
      Type.Boolean({
        description:
          'of `task`: it asks `/v1/calls` before a call runs, where budgets and approvals are taken; default no',
      }),
    ),
  })
}

const IntrospectorGiven = (kit: SchemaKit) =>
  kit.exactly({ resources: kit.Type.Optional(Resources(kit)) })

export const NewClient = (kit: SchemaKit) => {
  const { exactly, Name, Nothing, Type } = kit
  const own = {
    id: Name,
    jwk: Type.Optional(
      Type.Unknown({ description: 'public key (JWK) that it signs with; else it gets a secret' }),
    ),
  }
  return Type.Union([
    exactly({
      ...own,
      kind: Type.Literal('enforcer', { description: 'an API that asks about its calls' }),
      settings: exactly({ resource: Name }),
    }),
    exactly({
      ...own,
      kind: Type.Literal('introspector', { description: 'asks about tokens' }),
      settings: Type.Optional(IntrospectorGiven(kit)),
    }),
    exactly({
      ...own,
      kind: Type.Literal('pep', { description: 'asks for decisions through AuthZEN' }),
      settings: Type.Optional(PepGiven(kit)),
    }),
    exactly({
      ...own,
      kind: Type.Literal('signal-source', { description: 'raises risk signals' }),
      settings: Type.Optional(Nothing),
    }),
    exactly({
      ...own,
      kind: Type.Literal('surface', { description: 'says who is in a conversation' }),
      settings: exactly({
        space: Name,
        silent_after: Type.Optional(
          Type.Integer({
            minimum: 60,
            maximum: 86_400,
            description: 'seconds of silence after which nothing it said counts; 900 by default',
          }),
        ),
      }),
    }),
  ])
}

export const NewSettings = (kit: SchemaKit) =>
  kit.Type.Union([
    kit.exactly({ kind: kit.Type.Literal('introspector'), settings: IntrospectorGiven(kit) }),
    kit.exactly({ kind: kit.Type.Literal('pep'), settings: PepGiven(kit) }),
  ])

export const ClientShape = (kit: SchemaKit) => {
  const { Name, Nothing, Time, Type } = kit
  const known = {
    id: Name,
    created_by: Type.String(),
    created_at: Time,
    last_used_at: Type.Union([Time, Type.Null()]),
    removed_at: Type.Union([Time, Type.Null()]),
  }
  const resources = Type.Union([Type.Array(Type.String()), Type.Null()])
  return Type.Union([
    Type.Object({
      ...known,
      kind: Type.Literal('enforcer'),
      settings: Type.Object({ resource: Name }),
    }),
    Type.Object({
      ...known,
      kind: Type.Literal('introspector'),
      settings: Type.Object({ resources }),
    }),
    Type.Object({
      ...known,
      kind: Type.Literal('pep'),
      settings: Type.Object({
        mode: Type.Enum(['task', 'policy-only', 'issuance']),
        policy_set: Type.Union([Type.String(), Type.Null()]),
        issuing: Type.Union([Type.Required(Issuing(kit)), Type.Null()]),
        resources,
        properties: Type.Boolean(),
        names_tasks: Type.Boolean(),
        takes: Type.Boolean(),
      }),
    }),
    Type.Object({ ...known, kind: Type.Literal('signal-source'), settings: Nothing }),
    Type.Object({
      ...known,
      kind: Type.Literal('surface'),
      settings: Type.Object({ space: Name, silent_after: Type.Integer() }),
    }),
  ])
}

export const CredentialShape = ({ Time, Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    kind: Type.Enum(['secret', 'key']),
    kid: Type.Union([Type.String(), Type.Null()]),
    thumbprint: Type.Union([Type.String(), Type.Null()]),
    created_by: Type.String(),
    created_at: Time,
    last_used_at: Type.Union([Time, Type.Null()]),
    ends_at: Type.Union([Time, Type.Null()], {
      description:
        'time from which it is no longer accepted, possibly in the future; null: it does not expire',
    }),
  })

export const SecretShape = ({ Type }: SchemaKit) =>
  Type.String({ description: 'shown this once and kept nowhere' })

/** A machine client, as the API tells it. */
export type ClientJson = Static<ReturnType<typeof ClientShape>>

/** Tells what it may ask about, and what of it is believed. */
export function settingsInWords(client: ClientJson): string {
  switch (client.kind) {
    case 'enforcer':
      return `asks about calls to ${client.settings.resource}`
    case 'introspector':
      return `asks about tokens for ${client.settings.resources?.join(', ') ?? 'every resource'}`
    case 'pep':
      return pepInWords(client.settings)
    case 'surface': {
      const { silent_after, space } = client.settings
      return `says who is in ${space} and below it; may be silent for ${silent_after} s`
    }
    default:
      return 'raises risk signals'
  }
}

type PepJson = Extract<ClientJson, { kind: 'pep' }>['settings']

function pepInWords(pep: PepJson): string {
  return [
    aboutInWords(pep),
    ...(pep.properties ? ['properties of its requests count'] : []),
    ...(pep.names_tasks ? ['it is trusted to say who calls'] : []),
    ...(pep.takes ? ['it asks /v1/calls before a call runs'] : []),
  ].join('; ')
}

function aboutInWords({ issuing, mode, policy_set, resources }: PepJson): string {
  const about = resources?.join(', ') ?? 'every resource'
  if (mode === 'policy-only') return `answered by the policy set ${policy_set}`
  if (!issuing) return `asks about calls of tasks to ${about}`
  const { audiences, issuer, parties } = issuing
  return [
    `${issuer} asks before it issues tokens for ${about}`,
    ...parties.map(({ agent, id, type }) => `the ${type} ${id} is ${agent}`),
    ...audiences.map(({ id, resources: behind }) => `${id} is ${behind.join(', ')}`),
  ].join('; ')
}
