import { isName } from '../../../platform/lib/id.ts'
import { describe, noun, type SchemaKit } from '../../operation-kit/operation.ts'
import {
  authority,
  change,
  closeTasks,
  openTasksLine,
  pages,
  person,
  reason,
  trust,
} from '../../operation-kit/shared-sources.ts'
import { input, numeric, orNone, together } from '../../operation-kit/source.ts'
import { AGENT_PROOFS, key, name, readClient } from './proofs.ts'
import { AgentProfile, agentLines, Client, IdleMinutes, MayDelegate, ownName } from './shape.ts'

const TRUST = '0 quarantined, 1 external, 2 partner, 3 internal'

const Change = (kit: SchemaKit) => ({
  params: kit.ByName,
  body: kit.Reason,
  answer: AgentProfile(kit),
})

/** `remit agents …` */
export const AGENTS = noun({
  name: 'agents',
  says: 'Agents, and the most they may ever be given.',
  operations: {
    list: describe({
      route: 'GET /agents',
      who: 'person',
      says: 'Lists agents by name, a page at a time: the agents that you own. Administrators see all.',
      schemas: ({ Agent, exactly, PageQuery, paginated, Type }) => ({
        query: exactly({
          ...PageQuery,
          client: Type.Optional(
            Type.String({
              maxLength: 512,
              description: 'only the agent that this address of a metadata document means',
            }),
          ),
          dated: Type.Optional(
            Type.Literal('yes', {
              description:
                'only those that have to be recertified, those that are due first before the others',
            }),
          ),
        }),
        answer: paginated('agents', Agent),
      }),
      command: ({ bold, goOn, status, table, trust: level }) => ({
        examples: ['remit agents list', 'remit agents list --after invoice-bot'],
        takes: { query: pages },
        prints: ({ agents, more }) => [
          ...table(
            agents,
            {
              NAME: ({ id }) => bold(id),
              STATUS: (agent) => status(agent.status),
              TRUST: (agent) => level(agent.trust),
              CAME: 'origin',
              OWNER: ({ owner, owner_name }) => owner_name ?? owner,
              DESCRIPTION: (agent) => agent.description || ownName(agent),
            },
            'No agents yet. `remit agents add NAME …` registers one.',
          ),
          ...goOn('remit agents list', more, agents),
        ],
      }),
    }),
    show: describe({
      route: 'GET /agents/:name',
      who: 'person',
      says: 'Shows an agent that you own, with its keys and its clients at identity providers. Administrators see any agent.',
      schemas: (kit) => ({ params: kit.ByName, answer: AgentProfile(kit) }),
      command: (terminal) => ({
        examples: ['remit agents show refund-bot'],
        takes: {
          params: {
            name: input('<name>', 'the agent, or the address that is its client id', {
              read: (wanted, reading) => reading.agent(wanted),
            }),
          },
        },
        prints: (agent) => agentLines(agent, terminal),
      }),
    }),
    add: describe({
      id: 'agents.register',
      route: 'POST /agents',
      widens: true,
      says: 'Registers an agent. Its name is its id for ever; of a metadata document, the id is made from the address.',
      schemas: (kit) => {
        const { Detail, Type } = kit
        return {
          body: kit.exactly({
            name: Type.String({
              maxLength: 512,
              pattern: '^(?:[a-z][a-z0-9-]{0,61}[a-z0-9]|https://[!-~]+)$',
              description:
                'lower-case letters, digits and hyphens; or the address of the metadata document of a client',
            }),
            description: Type.String({ maxLength: 500 }),
            owner: Type.Optional(
              Type.String({ description: 'a person id; the caller when left out' }),
            ),
            trust: Type.Integer({ minimum: 0, maximum: 3 }),
            ceiling: Type.Array(Detail, { maxItems: 64 }),
            may_delegate: Type.Optional(MayDelegate(kit)),
            keys: Type.Optional(
              Type.Array(Type.Unknown(), { maxItems: 8, description: 'public JWKs' }),
            ),
            clients: Type.Optional(Type.Array(Client(kit), { maxItems: 8 })),
          }),
          answer: AgentProfile(kit),
        }
      },
      confirms: ({ body }) => `Register the agent ${body.name}`,
      command: (terminal) => ({
        examples: [
          'remit agents add invoice-bot --trust 3 --ceiling billing.invoices.read --key-out invoice-bot.jwk',
          'remit agents add refund-bot --owner ada --trust 3 --ceiling-file ceiling.json --key refund-bot.pub.jwk',
          'remit agents add https://app.example/client.json --trust 2 --ceiling "desk.*"',
          'remit agents add helper --trust 1 --ceiling "orders.*" --client https://login.example.com=helper',
        ],
        takes: {
          body: {
            name: input(
              '<name>',
              'lower-case letters, digits and hyphens; or the address of the metadata document of a client',
              {
                // Before a key is made, and before anything is confirmed on a page.
                read: (given, { failure }) => {
                  if (given.startsWith('https://') || isName(given)) return given
                  throw failure('The agent name is not valid', {
                    code: 'agent.bad_name',
                    detail: `\`${given}\` is not a name, nor the address of a metadata document`,
                    exit: 2,
                  })
                },
              },
            ),
            trust: trust(TRUST, true),
            ceiling: authority(
              input(
                '--ceiling <action...>',
                'actions it may be given, without bounds; "orders.*" for all',
              ),
              input('--ceiling-file <file>', 'details with bounds, as JSON'),
            ),
            owner: person('--owner <person>', 'who answers for it: id, e-mail or name; else you'),
            description: input('--description <text>', 'what it does', { fallback: '' }),
            clients: input('--client <issuer=id...>', 'its client at an identity provider', {
              read: (given, reading) => given.map((each) => readClient(each, reading)),
            }),
            keys: together([key], ([jwk]) => jwk && [jwk]),
          },
        },
        said: ({ answer: { client_url, id }, body, keyFile }) => {
          const { bold, dim, done, text } = terminal
          return [
            done`${bold(id)} is registered`,
            ...(keyFile !== undefined
              ? [text`  its private key is in ${bold(keyFile)}; keep it where the agent runs`]
              : client_url !== null
                ? [dim('  its keys are those of its metadata document')]
                : body.keys === undefined
                  ? [dim(`  it has no key yet: remit agents add-key ${id} --key-out ${id}.jwk`)]
                  : []),
            ...(body.clients === undefined
              ? [
                  dim(
                    `  people's tokens are not for it yet: remit agents link ${id} ISSUER=CLIENT_ID, its client at the identity provider`,
                  ),
                ]
              : []),
            '',
          ]
        },
        prints: (agent) => agentLines(agent, terminal),
      }),
    }),
    limits: describe({
      id: 'agents.set_limits',
      route: 'PUT /agents/:name/limits',
      widens: true,
      says: 'Sets the ceiling (the most the agent may ever be given), the trust level, and when its unused tasks end; and, by the API alone, what it may hand on (`may_delegate`).',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          ceiling: kit.Type.Optional(kit.Type.Array(kit.Detail, { maxItems: 64 })),
          may_delegate: kit.Type.Optional(MayDelegate(kit)),
          trust: kit.Type.Optional(kit.Type.Integer({ minimum: 0, maximum: 3 })),
          idle_minutes: kit.Type.Optional(IdleMinutes(kit)),
        }),
        answer: AgentProfile(kit),
      }),
      confirms: ({ params }) => `Change what ${params.name} may ever be given`,
      command: (terminal) => ({
        examples: [
          'remit agents limits invoice-bot --ceiling billing.invoices.read billing.invoices.list',
          'remit agents limits invoice-bot --trust 2',
          'remit agents limits invoice-bot --idle 60',
        ],
        takes: {
          params: { name },
          body: {
            trust: trust(TRUST),
            ceiling: authority(
              input('--ceiling <action...>', 'the whole ceiling: actions, without bounds'),
              input('--ceiling-file <file>', 'the whole ceiling: details, as JSON'),
              'optional',
            ),
            idle_minutes: numeric(
              '--idle <minutes>',
              'tasks that a code opens for a client without a key end after so many minutes without use; 0: they do not',
              { looks: /^\d{1,4}$/, otherwise: 'minutes, 1440 at most' },
            ),
          },
        },
        some: true,
        said: ({ answer: { id } }) => [terminal.done`${terminal.bold(id)} has new limits`, ''],
        prints: (agent) => agentLines(agent, terminal),
      }),
    }),
    notify: describe({
      id: 'agents.set_notifications',
      route: 'PUT /agents/:name/notifications',
      widens: false,
      says: 'Sets the address that tells an agent that its request was answered.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          at: kit.Type.Union([kit.Type.String(), kit.Type.Null()], {
            description: 'null: it asks by itself',
          }),
        }),
        answer: AgentProfile(kit),
      }),
      command: (terminal) => ({
        examples: [
          'remit agents notify invoice-bot https://invoices.example.com/remit/answers',
          'remit agents notify invoice-bot --never',
        ],
        takes: {
          params: { name },
          body: {
            at: orNone(input('[url]', 'an https address'), input('--never', 'it asks by itself')),
          },
        },
        said: ({ answer: { id }, body: { at } }) => [
          terminal.done`${terminal.bold(id)} is told ${at === null ? 'nothing' : `at ${at}`}`,
          '',
        ],
        prints: (agent) => agentLines(agent, terminal),
      }),
    }),
    owner: describe({
      id: 'agents.set_owner',
      route: 'PUT /agents/:name/owner',
      widens: true,
      says: 'Gives an agent to another owner, who answers for it from then on. It works again if it stood still because the former owner is suspended or gone.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({ owner: kit.Type.String({ minLength: 1, maxLength: 64 }) }),
        answer: AgentProfile(kit),
      }),
      confirms: ({ body, params }) => `Give the agent ${params.name} to the owner ${body.owner}`,
      command: (terminal) => ({
        examples: ['remit agents owner invoice-bot kim@example.com'],
        takes: {
          params: { name },
          body: { owner: person('<owner>', 'who answers for it: id, e-mail or name', true) },
        },
        said: ({ answer: { id }, typed }) => [
          terminal.done`${terminal.bold(typed('<owner>'))} answers for ${terminal.bold(id)}`,
          '',
        ],
        prints: (agent) => agentLines(agent, terminal),
      }),
    }),
    certification: describe({
      id: 'agents.set_certification',
      route: 'PUT /agents/:name/certification',
      widens: true,
      says: 'Sets for how many days the word of its owner counts, from now; then it stops until the owner recertifies it. Null: no date.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          days: kit.Type.Union([kit.Type.Integer({ minimum: 1, maximum: 3650 }), kit.Type.Null()]),
        }),
        answer: AgentProfile(kit),
      }),
      confirms: ({ body, params }) =>
        body.days === null
          ? `Let ${params.name} go on without ever being recertified`
          : `Let ${params.name} go on for ${body.days} days after each recertification`,
    }),
    recertify: describe({
      route: 'POST /agents/:name/recertify',
      who: 'person',
      widens: true,
      says: 'Says that the agent is still wanted, as its owner or an administrator: its date moves on. Wakes it if that date stopped it.',
      schemas: (kit) => ({ params: kit.ByName, answer: AgentProfile(kit) }),
      confirms: ({ params }) => `Recertify ${params.name}: it is still wanted`,
    }),
    suspend: describe({
      route: 'POST /agents/:name/suspend',
      widens: false,
      says: 'Stops an agent. When the command returns, no replica permits its calls. Its tasks stay open, unless they are closed with it.',
      schemas: (kit) => ({ ...Change(kit), body: kit.Suspending }),
      command: (terminal) => ({
        examples: [
          'remit agents suspend refund-bot --reason "…"',
          'remit agents suspend refund-bot --close-tasks   # its key was stolen',
        ],
        takes: { params: { name }, body: { reason, close_tasks: closeTasks } },
        said: ({ answer: { id, open_tasks } }) => [
          terminal.done`${terminal.bold(id)} is suspended`,
          ...openTasksLine(open_tasks, 'suspended', '', terminal),
        ],
      }),
    }),
    resume: describe({
      route: 'POST /agents/:name/resume',
      widens: true,
      says: 'Lets a suspended agent work again, with its open tasks and their keys. Resource tokens from before stay dead.',
      schemas: Change,
      confirms: ({ params }) => `Let the suspended agent ${params.name} work again`,
      command: (terminal) => ({
        examples: ['remit agents resume refund-bot --reason "…"'],
        takes: { params: { name }, body: { reason } },
        said: ({ answer: { id, open_tasks } }) => [
          terminal.done`${terminal.bold(id)} works again`,
          ...openTasksLine(open_tasks, 'resumed', `remit tasks list --agent ${id}`, terminal),
        ],
      }),
    }),
    retire: describe({
      route: 'POST /agents/:name/retire',
      widens: false,
      says: 'Ends an agent and its tasks, for good. Its name is never given again.',
      schemas: Change,
      command: (terminal) =>
        change('remit agents retire refund-bot --reason "…"', 'is retired', { name }, terminal),
    }),
    ...AGENT_PROOFS,
  },
})
