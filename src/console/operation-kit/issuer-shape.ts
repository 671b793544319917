import type { SchemaKit, TypeOf } from './operation.ts'
import type { Terminal } from './terminal.ts'

export const USES = [
  'workload',
  'access_token',
  'id_jag',
  'chaining',
  'attestation',
  'peer',
] as const

export const ShortText = ({ Type }: SchemaKit) => Type.String({ minLength: 1, maxLength: 2048 })

/** Members that are left out are what they are by default; how each is read: docs/trusted-issuers.md. */
export const terms = (kit: SchemaKit) => {
  const { Type } = kit
  const Text = ShortText(kit)
  return {
    keys: Type.Optional(
      Type.Unknown({
        description:
          'where its keys come from, one of `{"discovery":true}` (the default), `{"jwks_uri":"https://…"}`, `{"jwks":{"keys":[…]}}`, and of a trust domain `{"spiffe_bundle":"https://…"}`',
      }),
    ),
    algorithms: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 8 })),
    uses: Type.Array(Type.Enum([...USES]), {
      minItems: 1,
      maxItems: USES.length,
      description: 'what it is trusted with',
    }),
    audience: Type.Optional(Type.Union([Text, Type.Null()])),
    subject_prefix: Type.Optional(Type.Union([Text, Type.Null()])),
    rules: Type.Optional(
      Type.Array(Type.Unknown(), {
        maxItems: 64,
        description:
          'which agent a token is of: `{"name":…,"when":[{"claim":…,"equals" or "prefix":…}],"agent":…}`, or `"admit":{"trust","ceiling","owner","may_delegate"}` instead of `agent`; the first that matches',
      }),
    ),
    access: Type.Optional(
      Type.Unknown({
        description:
          'how access tokens are read: `{"provider","subject","typ","actor","details","introspection":{"url","client_id"}}`',
      }),
    ),
    people: Type.Optional(
      Type.Unknown({
        description:
          'for whom its identity assertions speak: `{"provider","subject","email","admits","delegates"}`',
      }),
    ),
    peer: Type.Optional(
      Type.Unknown({
        description:
          'what the server of another domain gets of ours: `{"resources":["https://…"],"clients":{"agent":"client id there"},"details"}`',
      }),
    ),
    secret: Type.Optional(
      kit.secretText({
        minLength: 1,
        maxLength: 8192,
        description: 'with which introspection is asked; never shown again',
      }),
    ),
    trust: Type.Integer({ minimum: 0, maximum: 3 }),
    ceiling: Type.Union([Type.Array(kit.Detail, { maxItems: 64 }), Type.Null()]),
    most_agents: Type.Optional(Type.Integer({ minimum: 0 })),
    most_people: Type.Optional(Type.Integer({ minimum: 0 })),
    people_an_hour: Type.Optional(Type.Integer({ minimum: 0 })),
    most_life_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
    bearer: Type.Optional(Type.Boolean()),
    owner: Type.Optional(Type.String({ description: 'a person id; the caller when left out' })),
    contact: Type.Optional(Type.String({ maxLength: 512 })),
    expires_at: Type.Optional(Type.Union([kit.Time, Type.Null()])),
  }
}

export const IssuerTerms = (kit: SchemaKit) => kit.exactly(terms(kit))

export const StoredTerms = (kit: SchemaKit) => {
  const { Type } = kit
  const Text = ShortText(kit)
  const { secret: _, ...shown } = terms(kit)
  const Rule = Type.Object({
    name: Type.String(),
    when: Type.Array(
      Type.Object({ claim: Text, equals: Type.Optional(Text), prefix: Type.Optional(Text) }),
    ),
    agent: Type.Optional(Type.String()),
    admit: Type.Optional(Type.Object({ trust: Type.Integer() })),
  })
  return Type.Required(
    Type.Object({
      ...shown,
      keys: Type.Record(Type.String(), Type.Unknown()),
      rules: Type.Array(Rule),
      ceiling: Type.Union([Type.Immutable(Type.Array(kit.KeptDetail)), Type.Null()]),
    }),
    { description: 'as they can be set again; the secret is left out' },
  )
}

export const Issuer = (kit: SchemaKit) => {
  const { Type } = kit
  const Text = ShortText(kit)
  return Type.Object({
    name: kit.Name,
    kind: Type.Enum(['oauth', 'spiffe']),
    issuer: Type.String(),
    tenant: Type.Union([Type.Object({ claim: Text, value: Text }), Type.Null()]),
    state: Type.Enum(['active', 'suspended', 'revoked']),
    agents: Type.Integer({ description: 'how many were made for its subjects' }),
    people: Type.Integer({ description: 'how many it brought that were never here' }),
    terms: StoredTerms(kit),
    has_secret: Type.Boolean(),
    created_by: Type.String(),
    created_at: kit.Time,
  })
}

export type IssuerAnswer = TypeOf<{ answer: ReturnType<typeof Issuer> }, 'answer'>
type Terms = IssuerAnswer['terms']

/** A file of terms, as `show` prints them or by themselves. */
export type TermsFile = TypeOf<{ body: ReturnType<typeof IssuerTerms> }, 'body'>

export function stateInWords(
  { state, terms }: IssuerAnswer,
  { green, red, text, yellow }: Terminal,
) {
  if (state === 'revoked') return red('revoked')
  if (state === 'suspended') return yellow('suspended')
  const trusted = green('trusted')
  return terms.expires_at === null ? trusted : text`${trusted} until ${terms.expires_at}`
}

export function issuerLines(issuer: IssuerAnswer, terminal: Terminal) {
  const { bold, dim, text, trust: trustInWords } = terminal
  const { agents, people, tenant, terms } = issuer
  return [
    text`${bold(issuer.name)}  ${issuer.issuer}`,
    ...(tenant ? [text`  only where ${tenant.claim} is ${tenant.value}`] : []),
    text`  ${stateInWords(issuer, terminal)}`,
    text`  for ${terms.uses.join(', ')}; trust at most ${trustInWords(terms.trust)}`,
    text`  keys: ${keysInWords(terms.keys)}; ${terms.algorithms.join(', ')}`,
    ...(terms.subject_prefix === null
      ? []
      : [text`  subjects that begin with ${terms.subject_prefix}`]),
    text`  agents made for its subjects: ${agents} of ${terms.most_agents}`,
    ...(people === 0 ? [] : [text`  people it brought: ${people} of ${terms.most_people}`]),
    ...(terms.contact === '' ? [] : [text`  contact: ${terms.contact}`]),
    ...terms.rules.map((rule) => ruleLine(rule, terminal)),
    ...(terms.rules.length === 0 && terms.uses.includes('workload')
      ? [dim('  no rules: agents that it vouches for are quarantined until they are admitted')]
      : []),
  ]
}

function ruleLine({ admit, agent, name, when }: Terms['rules'][number], terminal: Terminal) {
  const tests = when.map(({ claim, equals, prefix }) =>
    equals === undefined ? `${claim} begins with ${prefix}` : `${claim} is ${equals}`,
  )
  const gives = agent ?? `agents with trust ${terminal.trust(admit?.trust ?? 0)}`
  return terminal.text`  ${terminal.bold(name)}: ${tests.join(' and ')} → ${gives}`
}

function keysInWords(keys: Terms['keys']): string {
  const [kind = '', at] = Object.entries<unknown>(keys)[0] ?? []
  return typeof at === 'string' ? `${kind} ${at}` : kind
}
