import {
  ByClient,
  ClientShape,
  CredentialShape,
  KINDS,
  NewClient,
  NewSettings,
  SecretShape,
  settingsInWords,
} from './client-schemas.ts'
import { input, jsonFile, pages } from './command.ts'
import { describe, noun } from './operation.ts'

const name = input('<name>', 'of `remit clients list`')

/** `remit clients …` */
export const CLIENTS = noun({
  name: 'clients',
  says: 'Programs that call Remit and are not agents: APIs, enforcement points, chat applications, monitoring systems.',
  operations: {
    list: describe({
      route: 'GET /clients',
      says: 'Lists machine clients by name, including removed ones. It shows no secrets.',
      schemas: (kit) => ({
        query: kit.exactly({
          ...kit.PageQuery,
          kind: kit.Type.Optional(kit.Type.Enum([...KINDS])),
          target: kit.Type.Optional(
            kit.Type.String({
              maxLength: 63,
              description: 'only enforcers of this resource and surfaces of this space',
            }),
          ),
        }),
        answer: kit.along('clients', ClientShape(kit)),
      }),
      command: ({ bold, dim, goOn, green, moment, red, table }) => ({
        examples: ['remit clients list', 'remit clients list --kind enforcer --target shop'],
        takes: {
          query: {
            ...pages,
            kind: input('--kind <kind>', 'only of this kind', { choices: KINDS }),
            target: input('--target <name>', 'only of this resource or space'),
          },
        },
        prints: ({ clients, more }) => [
          ...table(
            clients,
            {
              NAME: ({ id }) => bold(id),
              KIND: 'kind',
              SETTINGS: (one) => settingsInWords(one),
              'LAST USED': (one) =>
                one.last_used_at === null ? dim('never') : moment(one.last_used_at),
              STATUS: (one) => (one.removed_at === null ? green('in use') : red('removed')),
            },
            dim('None yet. `remit clients add KIND NAME` makes one.'),
          ),
          ...goOn('remit clients list', more, clients),
        ],
      }),
    }),
    show: describe({
      route: 'GET /clients/:id',
      says: 'Shows a machine client and its credentials, without secrets.',
      schemas: (kit) => ({
        params: ByClient(kit),
        answer: kit.Type.Intersect([
          ClientShape(kit),
          kit.Type.Object({ credentials: kit.Type.Array(CredentialShape(kit)) }),
        ]),
      }),
      command: ({ bold, dim, green, moment, red, table, text }) => ({
        examples: ['remit clients show edge'],
        takes: { params: { id: name } },
        prints: (one) => [
          text`${bold(one.id)}  ${one.kind}: ${settingsInWords(one)}  ${
            one.removed_at === null ? green('in use') : red('removed')
          }`,
          ...table(one.credentials, {
            CREDENTIAL: ({ id }) => bold(id),
            KIND: ({ kid, kind, thumbprint }) =>
              kind === 'key' ? `key ${kid ?? thumbprint}` : 'secret',
            SINCE: (each) => moment(each.created_at),
            'LAST USED': (each) =>
              each.last_used_at === null ? dim('never') : moment(each.last_used_at),
            ENDS: (each) => (each.ends_at === null ? green('in use') : moment(each.ends_at)),
          }),
        ],
      }),
    }),
    add: describe({
      route: 'POST /clients',
      widens: true,
      says: 'Adds a machine client. It authenticates with the given public key, or else with a new secret, which only this response contains.',
      schemas: (kit) => ({
        body: NewClient(kit),
        answer: kit.Type.Intersect([
          ClientShape(kit),
          kit.Type.Object({
            credential: CredentialShape(kit),
            secret: kit.Type.Optional(SecretShape(kit)),
          }),
        ]),
      }),
    }),
    set: describe({
      id: 'clients.change',
      route: 'PUT /clients/:id',
      widens: true,
      says: 'Replaces all settings of an introspector or a PEP. A setting that is left out gets its default.',
      schemas: (kit) => ({
        params: ByClient(kit),
        body: NewSettings(kit),
        answer: ClientShape(kit),
      }),
    }),
    rotate: describe({
      route: 'POST /clients/:id/secrets',
      widens: true,
      says: 'Creates a new secret, which only this response contains. The previous secret expires at the given time, or immediately.',
      schemas: (kit) => ({
        params: ByClient(kit),
        body: kit.exactly({
          previous_ends_at: kit.Type.Optional(
            kit.Type.String({
              format: 'date-time',
              maxLength: 40,
              description: 'RFC 3339; at most 30 days from now',
            }),
          ),
        }),
        answer: kit.Type.Intersect([
          CredentialShape(kit),
          kit.Type.Object({ secret: SecretShape(kit) }),
        ]),
      }),
      command: ({ bold, dim, done }) => ({
        examples: [
          'remit clients rotate edge --keep-previous 24h',
          'remit clients rotate edge --json   # for a program that keeps it; the older one ends at once',
        ],
        takes: {
          params: { id: name },
          body: {
            previous_ends_at: input(
              '--keep-previous <time>',
              'how long the secret before it stays valid: 24h (also m, d, w), or until a time',
              { read: (typed, reading) => reading.expires(typed) },
            ),
          },
        },
        prints: ({ secret }, { body, params }) => [
          done`${bold(params.id)} has a new secret, shown this once: ${bold(secret)}`,
          dim(
            body?.previous_ends_at === undefined
              ? '  the one before it is not valid any more'
              : '  the one before it is valid, too, until it ends',
          ),
        ],
      }),
    }),
    'add-key': describe({
      route: 'POST /clients/:id/keys',
      widens: true,
      says: 'Adds a public key (JWK). The client then authenticates with JWTs that it signs.',
      schemas: (kit) => ({
        params: ByClient(kit),
        body: kit.exactly({ jwk: kit.Type.Unknown() }),
        answer: CredentialShape(kit),
      }),
      command: ({ bold, done }) => ({
        says: 'Adds a public key. The client then authenticates with JWTs that it signs.',
        examples: ['remit clients add-key edge edge.public.jwk'],
        takes: { params: { id: name }, body: { jwk: jsonFile('<file>', 'a public JWK') } },
        said: ({ answer: { kid, thumbprint }, params }) =>
          done`${bold(params.id)} has the key ${bold(kid ?? thumbprint ?? '')}`,
      }),
    }),
    'end-credential': describe({
      route: 'DELETE /clients/:id/credentials/:credential',
      widens: false,
      says: 'Revokes a secret or a key. The client can no longer authenticate with it.',
      schemas: (kit) => ({
        params: kit.exactly({
          id: kit.Name,
          credential: kit.Type.String({ minLength: 1, maxLength: 64 }),
        }),
        answer: kit.Nothing,
      }),
      command: ({ bold, done }) => ({
        examples: ['remit clients end-credential edge crd_…'],
        takes: { params: { id: name, credential: input('<id>', 'of `remit clients show`') } },
        said: ({ params }) => done`${bold(params.credential)} is ended`,
        json: ({ params }) => ({ client: params.id, credential: params.credential, ended: true }),
      }),
    }),
    remove: describe({
      route: 'DELETE /clients/:id',
      widens: false,
      says: 'Removes a machine client permanently. It can no longer authenticate, and its signals and threads no longer count.',
      schemas: (kit) => ({ params: ByClient(kit), answer: kit.Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit clients remove edge'],
        takes: { params: { id: name } },
        said: ({ params }) => done`${bold(params.id)} is removed`,
        json: ({ params }) => ({ client: params.id, removed: true }),
      }),
    }),
  },
})
