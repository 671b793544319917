import { type Static, Type } from 'typebox'
import {
  type ClaimTest,
  type DetailRule,
  type IdentityRule,
  ISSUER_USES,
  type IssuerTerms,
  type KeySource,
  type TrustedIssuer,
} from '../issuers/index.ts'
import { Detail, KeptDetail, Name, secretText, Time } from '../operations/schemas.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Text = Type.String({ minLength: 1, maxLength: 2048 })
const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()])

/** Members that are left out are what they are by default; how each is read: docs/trusted-issuers.md. */
const TERMS = {
  keys: Type.Optional(
    Type.Unknown({
      description:
        'where its keys come from, one of `{"discovery":true}` (the default), `{"jwks_uri":"https://…"}`, `{"jwks":{"keys":[…]}}`, and of a trust domain `{"spiffe_bundle":"https://…"}`',
    }),
  ),
  algorithms: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 8 })),
  uses: Type.Array(Type.Enum([...ISSUER_USES]), {
    minItems: 1,
    maxItems: ISSUER_USES.length,
    description: 'what it is trusted with',
  }),
  audience: Type.Optional(orNull(Text)),
  subject_prefix: Type.Optional(orNull(Text)),
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
    secretText({
      minLength: 1,
      maxLength: 8192,
      description: 'with which introspection is asked; never shown again',
    }),
  ),
  trust: Type.Integer({ minimum: 0, maximum: 3 }),
  ceiling: orNull(Type.Array(Detail, { maxItems: 64 })),
  most_agents: Type.Optional(Type.Integer({ minimum: 0 })),
  most_people: Type.Optional(Type.Integer({ minimum: 0 })),
  people_an_hour: Type.Optional(Type.Integer({ minimum: 0 })),
  most_life_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
  bearer: Type.Optional(Type.Boolean()),
  owner: Type.Optional(Type.String({ description: 'a person id; the caller when left out' })),
  contact: Type.Optional(Type.String({ maxLength: 512 })),
  expires_at: Type.Optional(orNull(Time)),
}

export const Terms = Type.Object(TERMS, closed)
export const NewIssuer = Type.Object(
  {
    name: Name,
    issuer: Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'exactly as its tokens say it; of a SPIFFE trust domain `spiffe://` and its name',
    }),
    tenant: Type.Optional(orNull(Type.Object({ claim: Text, value: Text }, closed))),
    ...TERMS,
  },
  closed,
)

const Rule = Type.Object({
  name: Type.String(),
  when: Type.Array(
    Type.Object({ claim: Text, equals: Type.Optional(Text), prefix: Type.Optional(Text) }),
  ),
  agent: Type.Optional(Type.String()),
  admit: Type.Optional(Type.Object({ trust: Type.Integer() })),
})
const { secret: _, ...shown } = TERMS
const RequiredTerms = Type.Required(
  Type.Object({
    ...shown,
    keys: Type.Record(Type.String(), Type.Unknown()),
    rules: Type.Array(Rule),
    ceiling: orNull(Type.Immutable(Type.Array(KeptDetail))),
  }),
  { description: 'as they can be set again; the secret is left out' },
)

export const Issuer = Type.Object({
  name: Name,
  kind: Type.Enum(['oauth', 'spiffe']),
  issuer: Type.String(),
  tenant: orNull(Type.Object({ claim: Text, value: Text })),
  state: Type.Enum(['active', 'suspended', 'revoked']),
  agents: Type.Integer({ description: 'how many were made for its subjects' }),
  people: Type.Integer({ description: 'how many it brought that were never here' }),
  terms: RequiredTerms,
  has_secret: Type.Boolean(),
  created_by: Type.String(),
  created_at: Time,
})

export function termsOf(
  {
    expires_at: expiresAt = null,
    most_agents,
    most_people,
    people_an_hour,
    most_life_seconds,
    owner,
    secret: _,
    ...given
  }: Static<typeof Terms>,
  caller: string,
): IssuerTerms {
  return {
    uses: given.uses,
    trust: given.trust,
    ceiling: given.ceiling,
    ...(given.keys === undefined ? {} : { keys: given.keys }),
    ...(given.algorithms === undefined ? {} : { algorithms: given.algorithms }),
    ...(given.audience === undefined ? {} : { audience: given.audience }),
    ...(given.subject_prefix === undefined ? {} : { subjectPrefix: given.subject_prefix }),
    ...(given.rules === undefined ? {} : { rules: given.rules }),
    ...(given.access === undefined ? {} : { access: given.access }),
    ...(given.people === undefined ? {} : { people: given.people }),
    ...(given.peer === undefined ? {} : { peer: given.peer }),
    ...(most_agents === undefined ? {} : { mostAgents: most_agents }),
    ...(most_people === undefined ? {} : { mostPeople: most_people }),
    ...(people_an_hour === undefined ? {} : { peopleAnHour: people_an_hour }),
    ...(most_life_seconds === undefined ? {} : { mostLifeSeconds: most_life_seconds }),
    ...(given.bearer === undefined ? {} : { bearer: given.bearer }),
    ...(given.contact === undefined ? {} : { contact: given.contact }),
    ownerId: owner ?? caller,
    expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
  }
}

export function issuerShape(issuer: TrustedIssuer): Static<typeof Issuer> {
  const { createdAt, createdBy, name, kind, state, tenant, agents } = issuer
  return {
    ...{ name, kind, tenant, state, agents, people: issuer.brought },
    issuer: issuer.issuer,
    terms: termsShape(issuer),
    has_secret: issuer.access?.introspection != null,
    created_by: createdBy,
    created_at: time(createdAt),
  }
}

/** What `termsOf` reads back. */
function termsShape(issuer: TrustedIssuer) {
  return {
    keys: keysShape(issuer.keys),
    algorithms: [...issuer.algorithms],
    uses: [...issuer.uses],
    audience: issuer.audience,
    subject_prefix: issuer.subjectPrefix,
    rules: issuer.rules.map(ruleShape),
    access: accessShape(issuer),
    people: issuer.people,
    peer: issuer.peer,
    trust: issuer.trust,
    ceiling: issuer.ceiling,
    most_agents: issuer.mostAgents,
    most_people: issuer.mostPeople,
    people_an_hour: issuer.peopleAnHour,
    most_life_seconds: issuer.mostLifeSeconds,
    bearer: issuer.bearer,
    owner: issuer.ownerId,
    contact: issuer.contact,
    expires_at: issuer.expiresAt === null ? null : time(issuer.expiresAt),
  }
}

function keysShape(keys: KeySource): Record<string, unknown> {
  switch (keys.kind) {
    case 'discovery':
      return { discovery: true }
    case 'jwks':
      return {
        jwks: {
          keys: keys.keys.map(({ jwk, kid }) => ({ ...jwk, ...(kid === null ? {} : { kid }) })),
        },
      }
    default:
      return { [keys.kind]: keys.url }
  }
}

function ruleShape({ gives, name, when }: IdentityRule) {
  const tests = when.map(testShape)
  if ('agent' in gives) return { name, when: tests, agent: gives.agent }
  const { ceiling, mayDelegate, ownerId, sponsor, trust } = gives.admit
  return {
    name,
    when: tests,
    admit: { trust, ceiling, may_delegate: mayDelegate, owner: ownerId, sponsor },
  }
}

function testShape({ claim, is, value }: ClaimTest) {
  return { claim, [is]: value }
}

function accessShape({ access }: TrustedIssuer) {
  if (!access) return null
  const { introspection, ...rest } = access
  return {
    ...rest,
    details: rest.details.map(detailRuleShape),
    introspection: introspection && { url: introspection.url, client_id: introspection.clientId },
  }
}

function detailRuleShape({ gives, type, when }: DetailRule) {
  const shown = { type, when: when.map(testShape) }
  if (!gives) return shown
  const { location: at, ...rest } = gives
  return { ...shown, at, ...rest }
}
