import { change, flags, input, orNone, reason, together } from '../command.ts'
import { describe, noun, type SchemaKit } from '../operation.ts'
import type { Terminal } from '../terminal.ts'
import { resourceLines } from './lines.ts'
import {
  IMPORT_BYTES,
  ImportBody,
  Imported,
  Offered,
  Previewed,
  ResourceProfile,
} from './schemas.ts'

const name = input('<name>', 'the API')
const action = input('<action>', 'such as orders.refund')

const Changes = (kit: SchemaKit) => kit.listOf('changes', Offered(kit))

/** Definitions that somebody has looked at, by their digests. */
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

const ByAction = ({ exactly, Type }: SchemaKit) =>
  exactly({
    action: Type.String({ pattern: '^[a-z][a-z0-9-]*\\.[A-Za-z0-9._-]{1,128}$' }),
  })

const Mark = (kit: SchemaKit) => ({
  params: ByAction(kit),
  body: kit.exactly({
    path: kit.Type.Union([kit.Type.String({ maxLength: 500 }), kit.Type.Null()], {
      description: 'JSON Pointer; null: no argument does',
    }),
  }),
  answer: kit.Action,
})

/** Command that says which argument risk signals look at. */
function mark(
  name: string,
  words: string,
  example: string,
  { bold, done }: Pick<Terminal, 'bold' | 'done'>,
) {
  interface Marked {
    readonly answer: { readonly name: string }
    readonly body: { readonly path: string | null }
  }
  return {
    examples: [
      `remit resources ${name} ${example}`,
      `remit resources ${name} orders.refund --none`,
    ],
    takes: {
      params: { action },
      body: {
        path: orNone(
          input('[path]', 'JSON Pointer to the argument, such as /amount'),
          input('--none', 'no argument does'),
        ),
      },
    },
    said: ({ answer, body: { path } }: Marked) =>
      path === null
        ? done`${bold(answer.name)} has no ${name} any more`
        : done`${bold(answer.name)} ${words} ${path}`,
  }
}

const Change = (kit: SchemaKit) => ({
  params: kit.ByName,
  body: kit.Reason,
  answer: ResourceProfile(kit),
})

const FORMS = { jwt: 'JWTs', opaque: 'opaque' } as const

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
      says: 'What is offered by now and differs from what was reviewed: definitions that changed, whose actions are quarantined, and new ones that wait.',
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
    mappings: describe({
      id: 'resources.trust_mappings',
      route: 'PUT /resources/:name/mappings',
      widens: true,
      says: 'Says whether what the tools of an MCP server declare about requests to decision points of others (`x-authzen-mapping`) counts.',
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
    tokens: describe({
      id: 'resources.set_tokens',
      route: 'PUT /resources/:name/tokens',
      widens: true,
      says: 'Says what the tokens for an API look like, and whom they name. Those from before do not work any more.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.Type.Object(
          {
            form: kit.Type.Optional(kit.Type.Enum(['jwt', 'opaque'])),
            subjects: kit.Type.Optional(kit.Type.Enum(['public', 'pairwise'])),
          },
          { ...kit.closed, minProperties: 1 },
        ),
        answer: ResourceProfile(kit),
      }),
      confirms: ({ params }) => `Change what tokens for ${params.name} look like`,
      command: ({ bold, done }) => ({
        examples: [
          'remit resources tokens billing --opaque',
          'remit resources tokens billing --pairwise',
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
          },
        },
        some: true,
        said: ({ answer: { name, tokens } }) =>
          done`tokens for ${bold(name)} are ${FORMS[tokens.form]}, with ${tokens.subjects === 'pairwise' ? 'names of its own' : 'the usual names'}`,
      }),
    }),
    risk: describe({
      id: 'actions.set_risk',
      route: 'PUT /actions/:action/risk',
      widens: true,
      says: 'Sets the risk class of an action.',
      schemas: (kit) => ({
        params: ByAction(kit),
        body: kit.exactly({ risk: kit.Type.String() }),
        answer: kit.Action,
      }),
      confirms: ({ body, params }) => `Count ${params.action} as ${body.risk} risk`,
    }),
    'accept-risks': describe({
      route: 'POST /resources/:name/risks/accept',
      widens: true,
      says: 'Accepts proposed risk classes of a resource exactly as they were looked at, all of them or none. Answers every action of it.',
      schemas: ({ Action, ByName, exactly, listOf, Type }) => ({
        params: ByName,
        body: exactly({
          risks: Type.Array(
            exactly({
              action: Type.String({ maxLength: 200 }),
              risk: Type.String({ maxLength: 16, description: 'as it was shown' }),
            }),
            { minItems: 1, maxItems: 10_000 },
          ),
        }),
        answer: listOf('actions', Action),
      }),
      confirms: ({ body, params }) =>
        `Accept proposed risk classes of ${params.name}, for ${body.risks.length} actions`,
    }),
    sentence: describe({
      id: 'actions.set_sentence',
      route: 'PUT /actions/:action/sentence',
      widens: true,
      says: 'Sets the sentence that people read before they approve a call, such as `Refund {amount} on order {order_id}`.',
      schemas: (kit) => ({
        params: ByAction(kit),
        body: kit.exactly({ sentence: kit.Type.String({ maxLength: 500 }) }),
        answer: kit.Action,
      }),
      confirms: ({ body, params }) =>
        `Show people “${body.sentence}” when they approve ${params.action}`,
      command: ({ bold, done }) => ({
        examples: ['remit resources sentence orders.refund "Refund {amount} on order {order_id}"'],
        takes: {
          params: { action },
          body: { sentence: input('<text>', 'with arguments in braces') },
        },
        said: ({ answer }) => done`${bold(answer.name)} reads: ${answer.sentence}`,
      }),
    }),
    counterparty: describe({
      id: 'actions.set_counterparty',
      route: 'PUT /actions/:action/counterparty',
      widens: true,
      says: 'Says which argument names whom a call is about, such as `/to`. Risk signals look at it.',
      schemas: Mark,
      confirms: ({ body, params }) =>
        `Take ${body.path ?? 'nothing'} of ${params.action} for whom a call is about`,
      command: (terminal) =>
        mark('counterparty', 'is about whoever is named by', 'bank.pay /recipient/iban', terminal),
    }),
    size: describe({
      id: 'actions.set_size',
      route: 'PUT /actions/:action/size',
      widens: true,
      says: 'Says which argument tells how large a call is, such as `/amount`. Risk signals look at it.',
      schemas: Mark,
      confirms: ({ body, params }) =>
        `Take ${body.path ?? 'nothing'} of ${params.action} for how large a call is`,
      command: (terminal) => mark('size', 'is as large as', 'orders.refund /amount', terminal),
    }),
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
