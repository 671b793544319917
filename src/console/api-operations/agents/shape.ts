import type { Static } from 'typebox'
import type { Value } from '../../../platform/lib/terminal/text.ts'
import type { SchemaKit } from '../../operation-kit/operation.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'

export const Client = ({ exactly, Type }: SchemaKit) =>
  exactly({ issuer: Type.String(), client_id: Type.String() })

export const MayDelegate = ({ Detail, Type }: SchemaKit) =>
  Type.Union([Type.Array(Detail, { maxItems: 64 }), Type.Null()], {
    description:
      '`remit_delegate` details: the most it may hand to child tasks; null: what it holds',
  })

export const IdleMinutes = ({ Type }: SchemaKit) =>
  Type.Integer({
    minimum: 0,
    maximum: 1440,
    description:
      'minutes without use after which a task that an authorization code opened ends; 0: it does not',
  })

/** An agent with its keys, its clients at identity providers, and what it says of itself. */
export const AgentProfile = (kit: SchemaKit) => {
  const { Agent, KeptDetail, Type } = kit
  const described = Type.Object({
    client_name: Type.String(),
    redirect_uris: Type.Array(Type.String()),
    redirect_hosts: Type.Array(Type.String()),
    methods: Type.Array(Type.String()),
    keys: Type.Array(Type.String(), { description: 'thumbprints' }),
    noticed_at: Type.String(),
    changed_at: Type.Union([Type.String(), Type.Null()]),
  })
  return Type.Intersect([
    Agent,
    Type.Object({
      may_delegate: Type.Union([Type.Array(KeptDetail), Type.Null()]),
      idle_minutes: IdleMinutes(kit),
      ...kit.OpenTasks.properties,
      clients: Type.Array(Client(kit)),
      keys: Type.Array(
        Type.Object({
          thumbprint: Type.String(),
          kid: Type.String(),
          created_at: Type.String(),
          revoked: Type.Boolean(),
        }),
      ),
      described: Type.Union([described, Type.Null()], {
        description: 'what one that came by itself says of itself; else null',
      }),
      instances: Type.Array(
        Type.Object({
          client_id: Type.String(),
          people: Type.Integer({ description: 'how many let it in by this client' }),
          last_let_in_at: Type.String(),
        }),
        {
          maxItems: 50,
          description: 'clients by which people let it in, in 30 days, the last first',
        },
      ),
    }),
  ])
}

export type AgentAnswer = Static<SchemaKit['Agent']>
export type AgentProfileAnswer = Static<ReturnType<typeof AgentProfile>>

/** Name that one gave itself which registered itself. */
export function ownName({ id, name }: AgentAnswer): string {
  return name === id ? '' : name
}

const CAME = {
  registered: 'registered by an administrator',
  dynamic: 'registered itself',
  issuer: 'a trusted issuer vouches for it',
  document: 'known by the address of its metadata document',
} as const

const VOUCHED = {
  administrator: 'an administrator vouches for it',
  issuer: 'its name is the word of that issuer',
  address: 'the owner of that address vouches for its name',
  nobody: 'its name is not verified',
} as const

const STOPPED = {
  dormant: 'it was too long without a task; an administrator can resume it',
  uncertified: 'it was not recertified in time; its owner can do that: remit agents recertify',
} as const

/** Rows that say where a person's browser is sent, and with what the agent proves who it is. */
function describedRows(
  { described }: AgentProfileAnswer,
  { moment }: Terminal,
): readonly (readonly [string, Value | null])[] {
  if (!described) return []
  const { changed_at, keys, methods, redirect_hosts: hosts } = described
  const proves = methods.includes('private_key_jwt') ? `${keys.length} keys of its own` : 'nothing'
  const also = methods.includes('none') && methods.length > 1 ? ', or nothing' : ''
  return [
    ['answers go to', hosts.length === 0 ? 'nowhere: it asks no person' : hosts.join(' ')],
    ['proves itself by', proves + also],
    ['said otherwise until', changed_at && moment(changed_at)],
  ]
}

/** Rule that let in one which registered itself. */
function letInBy({ admission }: AgentAnswer): string {
  if (admission === null) return ''
  return admission === '' ? 'no rule: it began quarantined' : `the rule ${admission}`
}

/** One agent in full, for a person. */
export async function agentLines(
  agent: AgentProfileAnswer,
  terminal: Terminal,
): Promise<readonly Value[]> {
  const { bold, dim, moment, red, section, text } = terminal
  return [
    text`${bold(agent.id)}${agent.description && `  ${agent.description}`}`,
    ...terminal.facts([
      ['status', terminal.status(agent.status)],
      ['open tasks', agent.open_tasks === 0 ? null : agent.open_tasks],
      ['stopped because', agent.suspended_for && STOPPED[agent.suspended_for]],
      ['to be recertified by', agent.recertify_by && moment(agent.recertify_by)],
      ['trust', terminal.trust(agent.trust)],
      ['owner', terminal.named(agent.owner_name, agent.owner)],
      ['since', moment(agent.created_at)],
      ['calls itself', ownName(agent)],
      ['came', `${CAME[agent.origin]}; ${VOUCHED[agent.vouched_by]}`],
      ['client id', agent.client_url],
      ['let in by', letInBy(agent)],
      ['told of answers at', agent.notify_at],
      [
        'tasks by code end',
        agent.idle_minutes === 0 ? null : `after ${agent.idle_minutes} minutes without use`,
      ],
      ...describedRows(agent, terminal),
    ]),
    ...section('The most it may ever be given', await terminal.details(agent.ceiling)),
    ...section(
      'Keys',
      terminal.table(
        agent.keys,
        {
          THUMBPRINT: 'thumbprint',
          SINCE: ({ created_at }) => moment(created_at),
          KID: ({ kid, thumbprint }) => (kid === thumbprint ? dim('the same') : kid),
          '': ({ revoked }) => (revoked ? red('revoked') : ''),
        },
        'none',
      ),
    ),
    ...section(
      'Instances: clients by which people let it in, in 30 days',
      agent.instances.length === 0
        ? []
        : terminal.table(
            agent.instances,
            {
              'CLIENT ID': 'client_id',
              PEOPLE: ({ people }) => String(people),
              LAST: ({ last_let_in_at }) => moment(last_let_in_at),
            },
            'none',
          ),
    ),
    ...section(
      'Clients at identity providers',
      agent.clients.map(({ client_id, issuer }) => text`${client_id} at ${issuer}`),
    ),
  ]
}
