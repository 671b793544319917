import { Type } from 'typebox'
import { Problem } from '../lib/problem.ts'
import { Secret } from '../lib/secret.ts'
import {
  type AttributeValue,
  addMember,
  createGroup,
  dropMember,
  entriesOf,
  findPerson,
  findPersonsCalled,
  listGroups,
  listPersons,
  listProviders,
  mapGroup,
  readAttributeClaims,
  registerProvider,
  resumePerson,
  suspendPerson,
  unmapGroup,
} from '../people/index.ts'
import { operation } from './operation.ts'
import { along, PageQuery, pageOf } from './paging.ts'
import { ById, listOf, Name, Nothing, Person, Reason, secretText } from './schemas.ts'
import { personShape } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Group = Type.Object({ name: Name, description: Type.String() })
const Provider = Type.Object({
  issuer: Type.String(),
  name: Type.String(),
  client_id: Type.String(),
  groups_claim: Type.String(),
  attributes: Type.Array(Type.String(), { description: '`attribute=claim` each' }),
  domains: Type.Array(Type.String()),
})
const Value = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Array(Type.String())])
const KnownPerson = Type.Object({
  ...Person.properties,
  attributes: Type.Record(Type.String(), Value),
  last_seen_at: Type.String(),
  confirmed_at: Type.String({ description: 'when all of this was last said by the provider' }),
})

function shown(value: AttributeValue): string | number | boolean | string[] {
  return typeof value === 'object' ? [...value] : value
}

const Mapping = Type.Object(
  { issuer: Type.String(), value: Type.String({ maxLength: 256 }), group: Name },
  closed,
)
const Member = Type.Object({ name: Name, id: Type.String({ maxLength: 64 }) }, closed)

export const PEOPLE_OPERATIONS = [
  operation({
    id: 'people.list',
    method: 'GET',
    path: '/people',
    says: 'People who have signed in, by name, a page at a time.',
    who: 'administrator',
    widens: false,
    query: Type.Object(
      {
        ...PageQuery,
        called: Type.Optional(
          Type.String({
            maxLength: 320,
            description: 'only those whose e-mail address, subject or name is exactly this',
          }),
        ),
      },
      closed,
    ),
    answer: along('people', Person),
    run: async (parts, { query }) => {
      const { read } = parts.people.storage
      const { after, called } = query
      const { items, more } = await pageOf(query, async (limit) => {
        if (called !== undefined) return findPersonsCalled(read, called)
        const last = after === undefined ? undefined : await findPerson(read, after)
        if (after !== undefined && !last)
          throw new Problem('person.unknown', `there is no person \`${after}\``)
        return listPersons(read, { limit, ...(last ? { after: last } : {}) })
      })
      return { people: items.map(personShape), more }
    },
  }),
  operation({
    id: 'people.show',
    method: 'GET',
    path: '/people/:id',
    says: 'One person, with what their provider said of them, and when it last confirmed that.',
    who: 'administrator',
    widens: false,
    params: ById,
    answer: KnownPerson,
    run: async (parts, { params }) => {
      const person = await findPerson(parts.people.storage.read, params.id)
      if (!person) throw new Problem('person.unknown', `there is no person \`${params.id}\``)
      const { attributes, confirmedAt, lastSeenAt } = person
      return {
        ...personShape(person),
        attributes: Object.fromEntries(
          entriesOf(attributes).map(([name, value]) => [name, shown(value)]),
        ),
        last_seen_at: new Date(lastSeenAt).toISOString(),
        confirmed_at: new Date(confirmedAt).toISOString(),
      }
    },
  }),
  ...(['suspend', 'resume'] as const).map((act) =>
    operation({
      id: `people.${act}`,
      method: 'POST',
      path: `/people/:id/${act}`,
      says: {
        suspend: 'Stops everything that is done for this person, and signs them out.',
        resume: 'Lets it continue.',
      }[act],
      who: 'administrator',
      widens: act === 'resume',
      params: ById,
      body: Reason,
      answer: Nothing,
      run: async (parts, { body, caller, params }) => {
        const change = {
          personId: params.id,
          by: caller.person.id,
          reason: body.reason ?? `${act} by an administrator`,
        }
        await { suspend: suspendPerson, resume: resumePerson }[act](parts.people, change)
        return {}
      },
    }),
  ),
  operation({
    id: 'groups.list',
    method: 'GET',
    path: '/groups',
    says: 'The groups one is in, or every group for administrators. Policies and approver rules name them.',
    who: 'person',
    widens: false,
    answer: listOf('groups', Group),
    run: async (parts, { caller: { administrator, person } }) => ({
      groups: (await listGroups(parts.people))
        .filter(({ name }) => administrator || person.groups.includes(name))
        .map(({ description, name }) => ({ name, description })),
    }),
  }),
  operation({
    id: 'groups.create',
    method: 'POST',
    path: '/groups',
    says: 'Makes a group.',
    who: 'administrator',
    widens: true,
    body: Type.Object({ name: Name, description: Type.String({ maxLength: 500 }) }, closed),
    answer: Group,
    run: async (parts, { body, caller }) => {
      await createGroup(parts.people, { ...body, by: caller.person.id })
      return body
    },
  }),
  operation({
    id: 'groups.add_member',
    method: 'PUT',
    path: '/groups/:name/members/:id',
    says: 'Puts a person into a group.',
    who: 'administrator',
    widens: true,
    params: Member,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const { id: personId, name: group } = params
      await addMember(parts.people, { personId, group, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'groups.drop_member',
    method: 'DELETE',
    path: '/groups/:name/members/:id',
    says: 'Takes a person out of a group again.',
    who: 'administrator',
    widens: false,
    params: Member,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const { id: personId, name: group } = params
      await dropMember(parts.people, { personId, group, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'groups.map',
    method: 'POST',
    path: '/group-mappings',
    says: 'Lets a provider’s group value count as membership of a group, from each person’s next sign-in.',
    who: 'administrator',
    widens: true,
    body: Mapping,
    answer: Nothing,
    run: async (parts, { body, caller }) => {
      await mapGroup(parts.people, { ...body, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'groups.unmap',
    method: 'DELETE',
    path: '/group-mappings',
    says: 'Ends a mapping and the memberships that came from it.',
    who: 'administrator',
    widens: false,
    body: Mapping,
    answer: Nothing,
    run: async (parts, { body, caller }) => {
      await unmapGroup(parts.people, { ...body, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'providers.list',
    method: 'GET',
    path: '/identity-providers',
    says: 'The OpenID Connect providers that people sign in with.',
    who: 'administrator',
    widens: false,
    answer: listOf('providers', Provider),
    run: async (parts) => ({
      providers: (await listProviders(parts.people)).map((provider) => ({
        issuer: provider.issuer,
        name: provider.name,
        client_id: provider.clientId,
        groups_claim: provider.groupsClaim,
        attributes: entriesOf(provider.attributes).map(([name, claim]) => `${name}=${claim}`),
        domains: [...provider.domains],
      })),
    }),
  }),
  operation({
    id: 'providers.register',
    method: 'PUT',
    path: '/identity-providers',
    says: 'Adds an OpenID Connect provider, or replaces its registration.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        issuer: Type.String({ maxLength: 512 }),
        name: Type.String({ minLength: 1, maxLength: 100 }),
        client_id: Type.String({ minLength: 1, maxLength: 256 }),
        client_secret: Type.Optional(secretText({ maxLength: 1024 })),
        groups_claim: Type.Optional(Type.String({ maxLength: 100 })),
        closes_tasks: Type.Optional(Type.Boolean()),
        attributes: Type.Optional(
          Type.Array(Type.String({ maxLength: 300 }), {
            maxItems: 50,
            description: '`attribute=claim` each',
          }),
        ),
        domains: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 50 })),
        acr_values: Type.Optional(
          Type.Array(Type.String({ pattern: '^[!-~]{1,255}$' }), { maxItems: 10 }),
        ),
      },
      closed,
    ),
    answer: Nothing,
    run: async (parts, { body, caller }) => {
      const { acr_values, client_id, client_secret, closes_tasks, groups_claim, issuer, name } =
        body
      const { attributes, domains } = body
      await registerProvider(parts.people, {
        issuer,
        name,
        clientId: client_id,
        ...(client_secret === undefined ? {} : { clientSecret: new Secret(client_secret) }),
        ...(groups_claim === undefined ? {} : { groupsClaim: groups_claim }),
        ...(acr_values === undefined ? {} : { acrValues: acr_values }),
        ...(closes_tasks === undefined ? {} : { closesTasks: closes_tasks }),
        ...(attributes === undefined ? {} : { attributes: readAttributeClaims(attributes) }),
        ...(domains === undefined ? {} : { domains }),
        allowLoopback: parts.development,
        by: caller.person.id,
      })
      return {}
    },
  }),
]
