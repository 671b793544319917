import { describe, noun } from '../../operation-kit/operation.ts'
import { pages } from '../../operation-kit/shared-sources.ts'
import { input, jsonFile, together } from '../../operation-kit/source.ts'
import {
  ByClient,
  type ClientJson,
  ClientShape,
  CredentialShape,
  KINDS,
  NewClient,
  NewSettings,
  SecretShape,
  settingsInWords,
} from './schemas.ts'
import { allSettings, newSettings, replacedSettings, settingsOf } from './settings.ts'

const name = input('<name>', 'of `remit clients list`')

/** Words on what to do with a secret. */
const USES: Readonly<Record<ClientJson['kind'], string>> = {
  enforcer: 'it goes into the configuration of the API: direct({ secret, … }) of remit-sdk/api',
  introspector: 'with it tokens are asked about at /oauth/introspect: docs/introspection.md',
  pep: 'as Authorization: Bearer, or with the name as HTTP Basic: docs/authzen.md',
  'signal-source': 'with it signals are raised at /v1/risk-signals: docs/risk.md',
  surface: 'with it the program states threads: docs/spaces.md',
}

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
        answer: kit.paginated('clients', ClientShape(kit)),
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
          kit.Type.Object({
            credentials: kit.Type.Array(CredentialShape(kit)),
            callback: kit.Type.Union([kit.Type.String(), kit.Type.Null()], {
              description: 'address at which it is told that a submission ended',
            }),
          }),
        ]),
      }),
      command: ({ bold, dim, green, moment, red, table, text }) => ({
        examples: ['remit clients show edge'],
        takes: { params: { id: name } },
        prints: (one) => [
          text`${bold(one.id)}  ${one.kind}: ${settingsInWords(one)}  ${
            one.removed_at === null ? green('in use') : red('removed')
          }`,
          ...(one.callback === null ? [] : [text`  called back at ${one.callback}`]),
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
      confirms: ({ body: { id, kind, settings = {} } }) =>
        `Register the program ${id} of the kind ${kind}: ${JSON.stringify(settings)}`,
      command: ({ bold, dim, done, text }) => ({
        says: 'Adds a machine client. Shows its secret once, unless it has a key.',
        examples: [
          'remit clients add enforcer shop-api --resource shop',
          'remit clients add pep edge --resource orders billing',
          'remit clients add pep mesh --names-tasks   # it has authenticated the agent itself',
          'remit clients add pep records --policy-set records --properties',
          'remit clients add pep login --issuer https://login.example --client crm-bot=crm-agent',
          'remit clients add surface chat --space returns',
          'remit clients add signal-source our-siem --json   # for a program that keeps the secret',
          'remit clients add introspector reports --key reports.public.jwk',
        ],
        takes: {
          body: together(
            [
              input('<kind>', 'what it may do', { choices: KINDS }),
              input('<name>', 'lower-case letters, digits and hyphens'),
              jsonFile('--key <file>', 'file with its public JWK; it then gets no secret'),
              allSettings,
            ],
            ([kind = 'pep', id = '', jwk, options = {}], reading) => ({
              id,
              jwk,
              ...settingsOf(kind, options, reading),
            }),
          ),
        },
        said: ({ answer }) => done`${bold(answer.id)} is registered: ${settingsInWords(answer)}`,
        prints: ({ kind, secret }) =>
          secret === undefined
            ? []
            : [text`  its secret, shown this once: ${bold(secret)}`, dim(`  ${USES[kind]}`)],
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
      confirms: ({ params }) => `Change what the program ${params.id} may ask about`,
      command: ({ bold, done }) => ({
        examples: ['remit clients set edge --resource orders --takes'],
        takes: {
          params: { id: name },
          body: together([name, newSettings], async ([id = '', options = {}], reading) =>
            replacedSettings(await reading.clientKind(id), options, reading),
          ),
        },
        said: ({ answer }) => done`${bold(answer.id)}: ${settingsInWords(answer)}`,
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
      confirms: ({ params }) => `Make a new secret for the program ${params.id}`,
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
      confirms: ({ params }) => `Add a key to the program ${params.id}`,
      command: ({ bold, done }) => ({
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
