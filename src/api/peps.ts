import { type Static, Type } from 'typebox'
import type { IssuingSettings, PepSettings } from '../clients/index.ts'
import { Problem } from '../lib/problem.ts'
import { ByName, listOf, Name, Nothing, Time } from '../operations/schemas.ts'
import {
  addPep,
  addPepKey,
  addPepSecret,
  changePep,
  endPepCredential,
  findPep,
  listPepCredentials,
  listPeps,
  type PepCredential as PepCredentialNoun,
  type Pep as PepNoun,
  revokePep,
} from '../policy/index.ts'
import { operation } from './operation.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Party = Type.Object(
  {
    type: Type.Union([Type.Literal('client'), Type.Literal('workload')]),
    id: Type.String({ minLength: 1, maxLength: 1024 }),
    agent: Name,
  },
  closed,
)
const Audience = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 1024 }),
    resources: Type.Array(Name, { minItems: 1, maxItems: 64 }),
  },
  closed,
)
const Issuing = Type.Object(
  {
    issuer: Type.String({
      maxLength: 1024,
      description: 'identifier of the server: whose subjects and clients it names',
    }),
    parties: Type.Optional(
      Type.Array(Party, {
        maxItems: 256,
        description: 'which agents act as its clients and workloads, before those that are linked',
      }),
    ),
    audiences: Type.Optional(
      Type.Array(Audience, {
        maxItems: 64,
        description: 'resources behind audiences that are no identifier of one',
      }),
    ),
  },
  { ...closed, description: 'of `issuance`' },
)
const Settings = {
  mode: Type.Optional(
    Type.Union([Type.Literal('task'), Type.Literal('policy-only'), Type.Literal('issuance')], {
      description:
        '`task` (default): calls of tasks, by all gates. `policy-only`: by a policy-only set alone. `issuance`: an authorization server, about the tokens that it is to issue',
    }),
  ),
  issuing: Type.Optional(Issuing),
  policy_set: Type.Optional(Type.String({ description: 'of `policy-only`: name of the set' })),
  resources: Type.Optional(
    Type.Array(Name, {
      minItems: 1,
      maxItems: 256,
      description: 'of `task` and `issuance`: what it may ask about; everything when left out',
    }),
  ),
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
}
const Pep = Type.Object({
  name: Name,
  mode: Type.Enum(['task', 'policy-only', 'issuance']),
  policy_set: Type.Union([Type.String(), Type.Null()]),
  issuing: Type.Union([Type.Required(Issuing), Type.Null()]),
  resources: Type.Union([Type.Array(Type.String()), Type.Null()]),
  properties: Type.Boolean(),
  names_tasks: Type.Boolean(),
  takes: Type.Boolean(),
  created_by: Type.String(),
  created_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
  revoked_at: Type.Union([Time, Type.Null()]),
})
const Credential = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['secret', 'key']),
  kid: Type.Union([Type.String(), Type.Null()]),
  thumbprint: Type.Union([Type.String(), Type.Null()]),
  created_by: Type.String(),
  created_at: Time,
  ended_at: Type.Union([Time, Type.Null()]),
})
const WithCredentials = Type.Intersect([Pep, Type.Object({ credentials: Type.Array(Credential) })])
const Added = Type.Intersect([
  Credential,
  Type.Object({ secret: Type.String({ description: 'shown this once and kept nowhere' }) }),
])
const SettingsBody = Type.Object(Settings, closed)

function settingsOf(body: Static<typeof SettingsBody>): Partial<PepSettings> {
  const { issuing, mode, names_tasks, policy_set, properties, resources, takes } = body
  return {
    ...(issuing === undefined ? {} : { issuing: { parties: [], audiences: [], ...issuing } }),
    ...(mode === undefined ? {} : { mode }),
    ...(policy_set === undefined ? {} : { policySet: policy_set }),
    ...(resources === undefined ? {} : { resources }),
    ...(properties === undefined ? {} : { properties }),
    ...(names_tasks === undefined ? {} : { namesTasks: names_tasks }),
    ...(takes === undefined ? {} : { takes }),
  }
}

function pepShape(pep: PepNoun): Static<typeof Pep> {
  return {
    name: pep.name,
    mode: pep.mode,
    policy_set: pep.policySet,
    issuing: pep.issuing && issuingShape(pep.issuing),
    resources: pep.resources && [...pep.resources],
    properties: pep.properties,
    names_tasks: pep.namesTasks,
    takes: pep.takes,
    created_by: pep.createdBy,
    created_at: time(pep.createdAt),
    last_used_at: timeOrNull(pep.lastUsedAt),
    revoked_at: timeOrNull(pep.revokedAt),
  }
}

function issuingShape({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => ({ type, id, agent })),
    audiences: audiences.map(({ id, resources }) => ({ id, resources: [...resources] })),
  }
}

function credentialShape(credential: PepCredentialNoun): Static<typeof Credential> {
  const { createdAt, createdBy, digest, endedAt, id, kid, kind } = credential
  return {
    id,
    kind,
    kid,
    thumbprint: kind === 'key' ? digest : null,
    created_by: createdBy,
    created_at: time(createdAt),
    ended_at: timeOrNull(endedAt),
  }
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : time(at)
}

/** Enforcement points of others, which ask through AuthZEN. */
export const PEP_OPERATIONS = [
  operation({
    id: 'peps.list',
    method: 'GET',
    path: '/peps',
    says: 'Every enforcement point that asks through AuthZEN, revoked ones too.',
    who: 'administrator',
    widens: false,
    answer: listOf('peps', Pep),
    run: async (parts) => ({
      peps: (await listPeps(parts.peps.storage.read)).map(pepShape),
    }),
  }),
  operation({
    id: 'peps.show',
    method: 'GET',
    path: '/peps/:name',
    says: 'An enforcement point with its credentials; secrets are never shown again.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: WithCredentials,
    run: async (parts, { params }) => {
      const { read } = parts.peps.storage
      const pep = await findPep(read, params.name)
      if (!pep) throw new Problem('pep.unknown', `there is no enforcement point \`${params.name}\``)
      const credentials = await listPepCredentials(read, params.name)
      return { ...pepShape(pep), credentials: credentials.map(credentialShape) }
    },
  }),
  operation({
    id: 'peps.add',
    method: 'POST',
    path: '/peps',
    says: 'Registers an enforcement point. It asks nothing before it has a credential.',
    who: 'administrator',
    widens: true,
    body: Type.Object({ name: Name, ...Settings }, closed),
    answer: Pep,
    run: async (parts, { body, caller }) => {
      const { name, ...settings } = body
      const by = caller.person.id
      return pepShape(await addPep(parts.peps, { name, by, settings: settingsOf(settings) }))
    },
  }),
  operation({
    id: 'peps.change',
    method: 'PUT',
    path: '/peps/:name',
    says: 'Gives an enforcement point other settings, all of them: what is left out is the default.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: SettingsBody,
    answer: Pep,
    run: async (parts, { body, caller, params }) => {
      const change = { name: params.name, by: caller.person.id, settings: settingsOf(body) }
      return pepShape(await changePep(parts.peps, change))
    },
  }),
  operation({
    id: 'peps.revoke',
    method: 'DELETE',
    path: '/peps/:name',
    says: 'Ends an enforcement point, for good: from now on it is answered nothing.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      await revokePep(parts.peps, { name: params.name, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'peps.add_secret',
    method: 'POST',
    path: '/peps/:name/secrets',
    says: 'Makes a secret for an enforcement point, beside those it has. It is in the answer, once.',
    who: 'administrator',
    widens: true,
    params: ByName,
    answer: Added,
    run: async (parts, { caller, params }) => {
      const change = { name: params.name, by: caller.person.id }
      const { credential, secret } = await addPepSecret(parts.peps, change)
      return { ...credentialShape(credential), secret: secret.reveal() }
    },
  }),
  operation({
    id: 'peps.add_key',
    method: 'POST',
    path: '/peps/:name/keys',
    says: 'Registers a public key (JWK), whose holder authenticates by JWTs that it signs.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Type.Object({ jwk: Type.Unknown() }, closed),
    answer: Credential,
    run: async (parts, { body, caller, params }) => {
      const change = { name: params.name, by: caller.person.id, jwk: body.jwk }
      return credentialShape(await addPepKey(parts.peps, change))
    },
  }),
  operation({
    id: 'peps.end_credential',
    method: 'DELETE',
    path: '/peps/:name/credentials/:id',
    says: 'Ends a secret or a key of an enforcement point: from now on nobody is known by it.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ name: Name, id: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const { id, name } = params
      await endPepCredential(parts.peps, { name, id, by: caller.person.id })
      return {}
    },
  }),
]
