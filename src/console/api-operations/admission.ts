import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { authority, person, trust } from '../operation-kit/shared-sources.ts'
import { input, together } from '../operation-kit/source.ts'

export const Rule = ({ KeptDetail, Name, Time, Type }: SchemaKit) =>
  Type.Object({
    name: Name,
    mode: Type.String({
      description:
        '`dynamic`: clients that registered themselves (RFC 7591); `document`: clients whose id is the address of a metadata document',
    }),
    redirect_hosts: Type.Array(Type.String()),
    document_hosts: Type.Array(Type.String()),
    software_ids: Type.Array(Type.String()),
    key_change: Type.String(),
    trust: Type.Integer({ minimum: 0, maximum: 3 }),
    ceiling: Type.Array(KeptDetail),
    may_delegate: Type.Union([Type.Array(KeptDetail), Type.Null()]),
    owner: Type.String({ description: 'a person id' }),
    owner_name: Type.Union([Type.String(), Type.Null()]),
    created_by: Type.String(),
    created_at: Time,
  })

type RuleAnswer = TypeOf<{ answer: ReturnType<typeof Rule> }, 'answer'>

function atMost({ ceiling }: RuleAnswer): string {
  const actions = ceiling.flatMap((detail) => detail.actions).join(' ')
  return ceiling.some(({ bounds }) => bounds.length > 0) ? `${actions} (within bounds)` : actions
}

function whom({ document_hosts: documents, redirect_hosts: redirects }: RuleAnswer): string {
  if (documents.length === 0) return `clients at ${redirects.join(', ')}`
  const also = redirects.length > 0 ? `, with answers also to ${redirects.join(', ')}` : ''
  return `clients with documents at ${documents.join(', ')}${also}`
}

const documentHosts = input(
  '--document-host <host...>',
  'where metadata documents are: clients whose id is an address there; answers go to the same origin, and to --redirect-host',
)

const redirectHosts = input(
  '--redirect-host <host...>',
  'where answers may go: a host, host:port, "*." and a host, or localhost (any program on the same computer; for this computer say localhost, not 127.0.0.1)',
)

const Hosts = {
  maxItems: 32,
  minItems: 1,
  description:
    'exact hosts, with a port if it is not 443; `*.example.com`; or `localhost` for programs on a person’s own computer',
}

/** `remit admission …` */
export const ADMISSION = noun({
  name: 'admission',
  says: 'Rules that let in agents which registered themselves, such as MCP clients that know only an address.',
  operations: {
    list: describe({
      route: 'GET /admission-rules',
      says: 'Every rule that lets in agents which registered themselves, in the order they are tried.',
      schemas: (kit) => ({ answer: kit.listOf('rules', Rule(kit)) }),
      command: ({ bold, table, trust }) => ({
        prints: ({ rules }) =>
          table(
            rules,
            {
              NAME: ({ name }) => bold(name),
              'DOCUMENTS AT': (rule) => rule.document_hosts.join(' '),
              'ANSWERS GO TO': (rule) => rule.redirect_hosts.join(' '),
              TRUST: (rule) => trust(rule.trust),
              OWNER: (rule) => rule.owner_name ?? rule.owner,
              'AT MOST': atMost,
            },
            'No rules: agents that register themselves are quarantined until you let them in.',
          ),
      }),
    }),
    add: describe({
      route: 'POST /admission-rules',
      widens: true,
      says: 'Adds a rule. Clients that match from now on are let in by it: once a person brings them, or, with a document and a key, when they prove who they are.',
      schemas: (kit) => {
        const { Detail, Type } = kit
        return {
          body: kit.exactly({
            name: kit.Name,
            redirect_hosts: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), Hosts)),
            document_hosts: Type.Optional(
              Type.Array(Type.String({ maxLength: 253 }), {
                ...Hosts,
                description:
                  'where metadata documents are; answers go to the origin of the document, and to `redirect_hosts` beside it',
              }),
            ),
            software_ids: Type.Optional(
              Type.Array(Type.String({ maxLength: 128 }), {
                maxItems: 32,
                description: 'only clients that registered as one of these; it is their own word',
              }),
            ),
            key_change: Type.Optional(
              Type.Enum(['accept', 'ask', 'suspend'], {
                description:
                  'when a document has a new key: nothing happens, people are asked again, or the agent is suspended',
              }),
            ),
            trust: Type.Integer({ minimum: 0, maximum: 3 }),
            ceiling: Type.Array(Detail, { maxItems: 64 }),
            may_delegate: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 64 })),
            owner: Type.Optional(
              Type.String({ description: 'a person id; the caller when left out' }),
            ),
          }),
          answer: Rule(kit),
        }
      },
      confirms: ({ body }) =>
        `Let in the programs that the rule ${body.name} matches, with trust level ${body.trust}`,
      command: ({ bold, done, text, trust: trustWords }) => ({
        says: 'Admits clients when a person first uses them, if all their addresses match. They get this trust, ceiling and owner.',
        examples: [
          'remit admission add this-computer --redirect-host localhost --trust 2 --ceiling "desk.*"',
          'remit admission add claude --document-host claude.ai --redirect-host localhost --trust 2 --ceiling "desk.*"',
          'remit admission add our-apps --redirect-host "*.apps.example.com" --trust 3 --ceiling-file ceiling.json --owner ada',
        ],
        takes: {
          body: {
            name: input('<name>', 'lower-case letters, digits and hyphens'),
            document_hosts: together(
              [documentHosts, redirectHosts],
              ([documents, redirects], { usage }) => {
                if (documents || redirects) return documents
                throw usage('Say --redirect-host HOST … or --document-host HOST …')
              },
            ),
            redirect_hosts: redirectHosts,
            trust: trust(
              '0 quarantined, 1 external, 2 partner, 3 internal: the default policies let only internal ones do what is risky without proving a key',
              true,
            ),
            software_ids: input(
              '--software-id <id...>',
              'of clients that registered: only such software; it is their own word',
            ),
            key_change: input(
              '--key-change <what>',
              'when a document has a new key: accept, ask (people are asked again) or suspend; else ask',
              { read: (typed) => typed as 'accept' | 'ask' | 'suspend' }, // as: the server says which of them is none
            ),
            ceiling: authority(
              input(
                '--ceiling <action...>',
                'actions they may be given, without bounds; "desk.*" for all',
              ),
              input('--ceiling-file <file>', 'details with bounds, as JSON'),
            ),
            owner: person('--owner <person>', 'who answers for them: id, e-mail or name; else you'),
          },
        },
        said: ({ answer: rule }) => [
          done`the rule ${bold(rule.name)} lets in ${whom(rule)}: trust ${trustWords(rule.trust)}, owner ${rule.owner_name ?? rule.owner}`,
          text`  at most ${atMost(rule)}`,
        ],
      }),
    }),
    remove: describe({
      route: 'DELETE /admission-rules/:name',
      // Clients that it kept small may match a later rule, which gives them more.
      widens: true,
      says: 'Removes a rule: it lets in no other client. Agents that were let in stay; `remit agents retire NAME` ends one. Later rules may match instead.',
      schemas: ({ ByName, Nothing }) => ({ params: ByName, answer: Nothing }),
      confirms: ({ params }) => `Remove the admission rule ${params.name}`,
      command: ({ bold, dim, done }) => ({
        examples: ['remit admission remove this-computer'],
        takes: { params: { name: input('<name>', 'the rule') } },
        said: ({ params }) => [
          done`the rule ${bold(params.name)} is gone`,
          dim('  agents that it let in stay: remit agents list, remit agents retire NAME'),
        ],
        json: ({ params }) => ({ rule: params.name, removed: true }),
      }),
    }),
  },
})
