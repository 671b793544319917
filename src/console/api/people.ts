import { permitReturn } from '../../identity/ended-accounts/index.ts'
import {
  listProviders,
  mapGroup,
  readAttributeClaims,
  registerProvider,
  unmapGroup,
} from '../../identity/identity-providers/index.ts'
import { permitRecovery } from '../../identity/passkeys/index.ts'
import {
  addMember,
  createGroup,
  dropMember,
  entriesOf,
  findPerson,
  findPersonsCalled,
  listGroups,
  listPersons,
  namesOfPersons,
  onCallOf,
  setOnCall,
} from '../../identity/people/index.ts'
import { resumePerson, suspendPerson } from '../../identity/sessions/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { closeAllTasks, countUnclosed } from '../../tasks/tasks/index.ts'
import { GROUPS } from '../api-operations/groups.ts'
import { KnownPerson, PEOPLE } from '../api-operations/people.ts'
import { PROVIDERS } from '../api-operations/providers.ts'
import * as kit from '../operation-kit/schemas.ts'
import { fromJson, toJson } from './json.ts'
import { meaningOfMember, meaningOfPasskey, meaningOfResumedPerson } from './meaning/of-person.ts'
import { acts } from './operation.ts'
import { pageOf } from './paging.ts'
import type { ApiParts } from './parts.ts'
import { personShape, time } from './shapes.ts'

const KNOWN_PERSON = KnownPerson(kit)

async function openTasksOf(parts: Pick<ApiParts, 'people'>, personId: string) {
  return { open_tasks: await countUnclosed(parts.people.storage.read, { personId }) }
}

export const PEOPLE_OPERATIONS = [
  ...acts(PEOPLE, {
    list: async (parts, { query }) => {
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
    show: async (parts, { params }) => {
      const person = await findPerson(parts.people.storage.read, params.id)
      if (!person) throw new Problem('person.unknown', `there is no person \`${params.id}\``)
      return toJson(KNOWN_PERSON, person, {
        attributes: Object.fromEntries(entriesOf(person.attributes)),
      })
    },
    suspend: async (
      parts,
      {
        body: { close_tasks: closes = false, reason = 'suspend by an administrator' },
        caller,
        params: { id: personId },
      },
    ) => {
      const by = caller.person.id
      await suspendPerson(parts.people, { personId, by, reason })
      const why = { by, reason: 'administrator', note: reason }
      if (closes) await closeAllTasks(parts.decisions, why, { personId })
      return openTasksOf(parts, personId)
    },
    resume: {
      means: meaningOfResumedPerson,
      run: async (parts, { body: { reason = 'resume by an administrator' }, caller, params }) => {
        await resumePerson(parts.people, { personId: params.id, by: caller.person.id, reason })
        return openTasksOf(parts, params.id)
      },
    },
    'permit-return': async (parts, { caller, params }) => {
      await permitReturn(parts.people, { personId: params.id, by: caller.person.id })
      return {}
    },
    'permit-passkey': {
      means: meaningOfPasskey,
      run: async (parts, { caller, params }) => {
        const { expiresAt, usableFrom } = await permitRecovery(parts.people, {
          personId: params.id,
          by: caller.person.id,
        })
        return { usable_from: time(usableFrom), expires_at: time(expiresAt) }
      },
    },
  }),
  ...acts(GROUPS, {
    list: async (parts, { caller: { administrator, person } }) => ({
      groups: (await listGroups(parts.people))
        .filter(({ name }) => administrator || person.groups.includes(name))
        .map(({ description, name }) => ({ name, description })),
    }),
    create: async (parts, { body, caller }) => {
      await createGroup(parts.people, { ...body, by: caller.person.id })
      return body
    },
    add: {
      means: meaningOfMember,
      run: async (parts, { caller, params: { id: personId, name: group } }) => {
        await addMember(parts.people, { personId, group, by: caller.person.id })
        return {}
      },
    },
    drop: async (parts, { caller, params: { id: personId, name: group } }) => {
      await dropMember(parts.people, { personId, group, by: caller.person.id })
      return {}
    },
    'on-call': async (parts, { params: { name } }) => {
      const ids = await onCallOf(parts.people.storage.read, name)
      const names = await namesOfPersons(parts.people.storage.read, ids)
      return { people: ids.map((id) => ({ id, name: names.get(id) ?? id })) }
    },
    'set-on-call': async (parts, { body: { people }, caller, params: { name: group } }) => {
      await setOnCall(parts.people, { group, people, by: caller.person.id })
      return {}
    },
    map: async (parts, { body, caller }) => {
      await mapGroup(parts.people, { ...body, by: caller.person.id })
      return {}
    },
    unmap: async (parts, { body, caller }) => {
      await unmapGroup(parts.people, { ...body, by: caller.person.id })
      return {}
    },
  }),
  ...acts(PROVIDERS, {
    list: async (parts) => ({
      providers: (await listProviders(parts.people)).map((provider) => ({
        issuer: provider.issuer,
        name: provider.name,
        client_id: provider.clientId,
        groups_claim: provider.groupsClaim,
        attributes: entriesOf(provider.attributes).map(([name, claim]) => `${name}=${claim}`),
        domains: [...provider.domains],
      })),
    }),
    add: async (parts, { body, caller }) => {
      const { attributes, clientSecret, ...rest } = fromJson(body)
      await registerProvider(parts.people, {
        ...rest,
        ...(clientSecret === undefined ? {} : { clientSecret: new Secret(clientSecret) }),
        ...(attributes === undefined ? {} : { attributes: readAttributeClaims(attributes) }),
        allowLoopback: parts.development,
        by: caller.person.id,
      })
      return {}
    },
  }),
]
