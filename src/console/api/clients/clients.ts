import type { Static } from 'typebox'
import {
  addClient,
  addClientKey,
  type ClientKind,
  type ClientSettingsInput,
  changeClient,
  endCredential,
  findClient,
  listClientCredentials,
  listClients,
  removeClient,
  rotateSecret,
} from '../../../identity/machine-clients/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { CLIENTS } from '../../api-operations/clients/clients.ts'
import type { NewClient, NewSettings } from '../../api-operations/clients/schemas.ts'
import { acts } from '../operation.ts'
import { pageOf } from '../paging.ts'
import { clientShape, credentialShape, pepGiven } from './shapes.ts'

type ClientBody = Static<ReturnType<typeof NewClient>> | Static<ReturnType<typeof NewSettings>>

/** Reads kind and settings, which belong together, as the room takes them. */
function givenOf(given: ClientBody): { kind: ClientKind; settings: ClientSettingsInput } {
  switch (given.kind) {
    case 'pep':
      return { kind: given.kind, settings: pepGiven(given.settings) }
    case 'surface': {
      const { silent_after, space } = given.settings
      const silence = silent_after === undefined ? {} : { silentAfter: silent_after * 1000 }
      return { kind: given.kind, settings: { space, ...silence } }
    }
    default:
      return { kind: given.kind, settings: { ...given.settings } }
  }
}

/** Machine clients: programs that authenticate and are no agents. */
export const CLIENT_OPERATIONS = acts(CLIENTS, {
  list: async ({ clients }, { query }) => {
    const { after, kind, target } = query
    const { items, more } = await pageOf(query, (limit) =>
      listClients(clients.storage.read, { limit, after, kind, target }),
    )
    return { clients: items.map(clientShape), more }
  },
  show: async ({ callbackOf, clients }, { params: { id } }) => {
    const { read } = clients.storage
    const client = await findClient(read, id)
    if (!client) throw new Problem('client.unknown', `there is no machine client \`${id}\``)
    const credentials = await listClientCredentials(read, id)
    const callback = (await callbackOf(read, id)) ?? null
    return { ...clientShape(client), credentials: credentials.map(credentialShape), callback }
  },
  add: async ({ clients }, { body, caller }) => {
    const { id, jwk } = body
    const wish = {
      id,
      by: caller.person.id,
      ...givenOf(body),
      ...(jwk === undefined ? {} : { jwk }),
    }
    const { client, credential, secret } = await addClient(clients, wish)
    return {
      ...clientShape(client),
      credential: credentialShape(credential),
      ...(secret ? { secret: secret.reveal() } : {}),
    }
  },
  set: async ({ clients }, { body, caller, params: { id } }) =>
    clientShape(await changeClient(clients, { id, by: caller.person.id, ...givenOf(body) })),
  rotate: async ({ clients }, { body, caller, params: { id } }) => {
    const until = body.previous_ends_at
    const previousEndsAt = until === undefined ? undefined : Date.parse(until)
    const change = { id, by: caller.person.id, previousEndsAt }
    const { credential, secret } = await rotateSecret(clients, change)
    return { ...credentialShape(credential), secret: secret.reveal() }
  },
  'add-key': async ({ clients }, { body: { jwk }, caller, params: { id } }) =>
    credentialShape(await addClientKey(clients, { id, by: caller.person.id, jwk })),
  'end-credential': async ({ clients }, { caller, params }) => {
    await endCredential(clients, { ...params, by: caller.person.id })
    return {}
  },
  remove: async ({ clients }, { caller, params: { id } }) => {
    await removeClient(clients, { id, by: caller.person.id })
    return {}
  },
})
