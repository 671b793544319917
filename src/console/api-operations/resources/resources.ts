import { describe, noun, type SchemaKit } from '../../operation-kit/operation.ts'
import { change, reason } from '../../operation-kit/shared-sources.ts'
import { flags, input, orNone, together } from '../../operation-kit/source.ts'
import { ACTION_SETTINGS } from './action-settings.ts'
import { CLAIMS } from './claims.ts'
import { GROUPS } from './groups.ts'
import { resourceLines } from './lines.ts'
import { OWNERS } from './owners.ts'
import {
  IMPORT_BYTES,
  ImportBody,
  Imported,
  Offered,
  Previewed,
  ResourceProfile,
} from './schemas.ts'
import { SERVER_ASKS, SHOWS } from './server-asks.ts'

const name = input('<name>', 'the API')

const Changes = (kit: SchemaKit) => kit.listOf('changes', Offered(kit))

/** Definitions that the caller has looked at, by their digests. */
const Looked = ({ exactly, Type }: SchemaKit) =>
  exactly({
    changes: Type.Array(
      exactly({
        action: Type.String({ maxLength: 200 }),
        digest: Type.String({ maxLength: 64, description: 'as it was shown' }),
      }),
      { minItems: 1, maxItems: 10_000 },
    ),
  })

const Change = (kit: SchemaKit) => ({
  params: kit.ByName,
  body: kit.Reason,
  answer: ResourceProfile(kit),
})

const FORMS = { jwt: 'JWTs', opaque: 'opaque' } as const
const KEYS = {
  allowed: 'let clients in that prove no key',
  refused: 'let only clients in that prove a key',
} as const

/** `remit resources …`: the catalog of APIs and MCP servers. */
export const RESOURCES = noun({
  name: 'resources',
  says: 'APIs: their operations, arguments and risk.',
  operations: {
    list: describe({
      route: 'GET /resources',
      who: 'person',
      says: 'Every API of the catalog. What is behind it is told to administrators.',
      schemas: ({ listOf, Resource }) => ({ answer: listOf('resources', Resource) }),
      command: ({ bold, status, table }) => ({
        prints: ({ resources }) =>
          table(
            resources,
            {
              NAME: (each) => bold(each.name),
              STATUS: (each) => status(each.status),
              'ADDRESS FOR AGENTS': 'identifier',
              UPSTREAM: ({ upstream }) => upstream ?? '',
              TITLE: 'title',
            },
            'No APIs yet. `remit resources import NAME --openapi FILE` adds one.',
          ),
      }),
    }),
    show: describe({
      route: 'GET /resources/:name',
      who: 'person',
      says: 'One API: its operations, their arguments and risk, and what has no type.',
      schemas: (kit) => ({ params: kit.ByName, answer: ResourceProfile(kit) }),
      command: (terminal) => ({
        examples: ['remit resources show orders'],
        takes: { params: { name } },
        prints: (resource) => resourceLines(resource, terminal),
      }),
    }),
    import: describe({
      route: 'PUT /resources/:name',
      widens: true,
      asksOutside: true,
      says: 'Puts an API into the catalog from its OpenAPI 3 document, or an MCP server from what it says it offers; or brings it up to date.',
      bodyBytes: IMPORT_BYTES,
      textMembers: ['document'],
      schemas: (kit) => ({
        params: kit.ByName,
        body: ImportBody(kit),
        answer: Imported(kit),
      }),
      confirms: ({ params }) => `Import ${params.name} into the catalog, or bring it up to date`,
    }),
    preview: describe({
      route: 'POST /resources/:name/preview',
      widens: false,
      says: 'What an import would change, without changing anything: what it would add, change, remove and quarantine, field by field.',
      bodyBytes: IMPORT_BYTES,
      textMembers: ['document'],
      schemas: (kit) => ({
        params: kit.ByName,
        body: ImportBody(kit),
        answer: Previewed(kit),
      }),
    }),
    review: describe({
      id: 'resources.changes',
      route: 'GET /resources/:name/changes',
      says: 'Definitions that differ from the reviewed ones: changed ones, whose actions are quarantined, and new ones that wait.',
      schemas: (kit) => ({ params: kit.ByName, answer: Changes(kit) }),
    }),
    accept: describe({
      route: 'POST /resources/:name/changes/accept',
      widens: true,
      says: 'Accepts definitions exactly as they were looked at: they count from now on. Approvals of the old ones are void. Answers what is left.',
      schemas: (kit) => ({ params: kit.ByName, body: Looked(kit), answer: Changes(kit) }),
      confirms: ({ body: { changes }, params }) =>
        `Accept changed definitions of ${params.name}: ${changes.length} ${changes.length === 1 ? 'action' : 'actions'}`,
    }),
    reject: describe({
      route: 'POST /resources/:name/changes/reject',
      widens: false,
      says: 'Rejects definitions as they were looked at: what changed stays quarantined, what is new stays out. Answers what is offered.',
      schemas: (kit) => ({ params: kit.ByName, body: Looked(kit), answer: Changes(kit) }),
    }),
    connect: describe({
      route: 'PUT /resources/:name/connection',
      widens: true,
      says: 'Says which credential the gateway puts into calls to an API.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          connection: kit.Type.Union([kit.Name, kit.Type.Null()], { description: 'null: none' }),
        }),
        answer: ResourceProfile(kit),
      }),
      confirms: ({ body, params }) =>
        body.connection === null
          ? `Send no credential to ${params.name} any more`
          : `Send the credential ${body.connection} with every call to ${params.name}`,
      command: ({ bold, done }) => ({
        examples: [
          'remit resources connect billing billing-key',
          'remit resources connect billing --none',
        ],
        takes: {
          params: { name },
          body: {
            connection: orNone(
              input('[connection]', 'of `remit connections list`'),
              input('--none', 'put in no credential'),
            ),
          },
        },
        said: ({ body: { connection }, params }) =>
          done`${bold(params.name)} is called ${connection === null ? 'without a credential' : `with ${connection}`}`,
      }),
    }),
    ...GROUPS,
    mappings: describe({
      id: 'resources.trust_mappings',
      route: 'PUT /resources/:name/mappings',
      widens: true,
      says: 'Trusts what the tools of an MCP server declare about requests to external decision points (`x-authzen-mapping`), or no longer.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({ trusted: kit.Type.Boolean() }),
        answer: ResourceProfile(kit),
      }),
      confirms: ({ body, params }) =>
        `${body.trusted ? 'Believe' : 'Ignore'} what the tools of ${params.name} say decision points should be asked`,
      command: ({ bold, done }) => ({
        examples: [
          'remit resources mappings desk --trust',
          'remit resources mappings desk --ignore',
        ],
        takes: {
          params: { name: input('<name>', 'the MCP server') },
          body: {
            trusted: flags(
              {
                '--trust': ['it counts', true],
                '--ignore': [
                  'it does not: decision points are asked as they are about everything else',
                  false,
                ],
              },
              true,
            ),
          },
        },
        said: ({ body: { trusted }, params }) =>
          done`${bold(params.name)}: what its tools say ${trusted ? 'counts' : 'is ignored'} where decision points are asked`,
      }),
    }),
    'server-asks': SERVER_ASKS,
    shows: SHOWS,
    tokens: describe({
      id: 'resources.set_tokens',
      route: 'PUT /resources/:name/tokens',
      widens: true,
      says: 'Says what the tokens for an API look like, whom they name, and whether clients that prove no key get one. Those from before do not work any more.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.Type.Object(
          {
            form: kit.Type.Optional(kit.Type.Enum(['jwt', 'opaque'])),
            subjects: kit.Type.Optional(kit.Type.Enum(['public', 'pairwise'])),
            bearer: kit.Type.Optional(kit.Type.Enum(['refused', 'allowed'])),
          },
          { ...kit.closed, minProperties: 1 },
        ),
        answer: ResourceProfile(kit),
      }),
      confirms: ({ body: { bearer, form, subjects }, params: { name } }) => {
        const looks = form !== undefined || subjects !== undefined
        const keys = bearer && KEYS[bearer]
        if (!keys) return `Change what tokens for ${name} look like`
        return looks ? `Change what tokens for ${name} look like; ${keys}` : `At ${name}, ${keys}`
      },
      command: ({ bold, done }) => ({
        examples: [
          'remit resources tokens billing --opaque',
          'remit resources tokens billing --pairwise',
          'remit resources tokens billing --bearer',
        ],
        takes: {
          params: { name },
          body: {
            form: flags({
              '--jwt': ['they say everything themselves', 'jwt'],
              '--opaque': [
                'they say nothing; Remit tells the API what they stand for (introspection)',
                'opaque',
              ],
            }),
            subjects: flags({
              '--public': ['people have the name that they have at every API', 'public'],
              '--pairwise': ['people have a name that they have at no other API', 'pairwise'],
            }),
            bearer: flags({
              '--bearer': [
                'clients that prove no key get one, too: opaque, for five minutes',
                'allowed',
              ],
              '--bound': ['only clients that prove a key get one', 'refused'],
            }),
          },
        },
        some: true,
        said: ({ answer: { name, tokens } }) =>
          done`tokens for ${bold(name)} are ${FORMS[tokens.form]}, with ${tokens.subjects === 'pairwise' ? 'names of its own' : 'the usual names'}${tokens.bearer === 'allowed' ? '; clients that prove no key get them, too' : '; only clients that prove a key get them'}`,
      }),
    }),
    claims: CLAIMS,
    owners: OWNERS,
    ...ACTION_SETTINGS,
    suspend: describe({
      route: 'POST /resources/:name/suspend',
      widens: false,
      says: 'Stops every call to an API, now.',
      schemas: Change,
      command: (terminal) =>
        change('remit resources suspend billing --reason "…"', 'is suspended', { name }, terminal),
    }),
    resume: describe({
      route: 'POST /resources/:name/resume',
      widens: true,
      says: 'Lets calls to an API through again.',
      schemas: Change,
      confirms: ({ params }) => `Let calls to ${params.name} through again`,
      command: (terminal) =>
        change('remit resources resume billing --reason "…"', 'is open again', { name }, terminal),
    }),
    remove: describe({
      route: 'POST /resources/:name/remove',
      widens: false,
      says: 'Takes an API and its actions out of the catalog, for good: its name is never used again. Refused while rules speak of its actions.',
      schemas: ({ ByName, Nothing, Reason }) => ({ params: ByName, body: Reason, answer: Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit resources remove billing --yes --reason "…"'],
        takes: {
          params: { name },
          body: {
            reason: together(
              [name, input('--yes', 'you know that it cannot be taken back'), reason],
              ([of, yes, why], { usage }) => {
                if (yes) return why
                throw usage(
                  `Removing ${of} cannot be taken back; \`remit resources suspend ${of}\` can`,
                  `remit resources remove ${of} --yes`,
                )
              },
            ),
          },
        },
        said: ({ params }) => done`${bold(params.name)} is removed`,
        json: ({ params }) => ({ resource: params.name, removed: true }),
      }),
    }),
  },
})
