import type { Command } from 'commander'
import { CommandFailure } from '../failure.ts'
import type { InputOf } from '../server/operation-types.ts'

/** Kind and settings of a client, as they are sent. */
export type ClientGiven = NewClientBody extends infer B
  ? B extends unknown
    ? Omit<B, 'id' | 'jwk'>
    : never
  : never
type NewClientBody = InputOf<'POST', '/clients'>['body']
type PepGiven = NonNullable<Extract<NewClientBody, { kind: 'pep' }>['settings']>

export interface SettingsOptions {
  readonly space?: string
  readonly silentAfter?: string
  readonly policySet?: string
  readonly resource?: readonly string[]
  readonly properties?: true
  readonly namesTasks?: true
  readonly takes?: true
  readonly issuer?: string
  readonly client?: readonly string[]
  readonly workload?: readonly string[]
  readonly audience?: readonly string[]
}

export function addSettings(to: Command): Command {
  return to
    .option(
      '--resource <name...>',
      'what it may ask about; else every resource. The API of an enforcer',
    )
    .option('--names-tasks', 'it is believed about who calls, without token and proof')
    .option('--takes', 'it asks /v1/calls before a call runs, where budgets are taken')
    .option('--policy-set <name>', 'answer by this policy-only set and nothing else')
    .option('--properties', 'properties of its requests count')
    .option(
      '--issuer <url>',
      'it is the authorization server of this name, and asks before it issues',
    )
    .option(
      '--client <id=agent...>',
      'with --issuer: its client is this agent, beside those linked',
    )
    .option('--workload <id=agent...>', 'with --issuer: that workload is this agent')
    .option('--audience <id=names...>', 'with --issuer: an audience, and the resources behind it')
}

/** Reads the options of a kind; one that means nothing there is refused. @throws CommandFailure */
export function givenOf(kind: ClientGiven['kind'], options: SettingsOptions): ClientGiven {
  refuseOthers(kind, options)
  switch (kind) {
    case 'enforcer':
      return { kind, settings: { resource: oneOf(options.resource, '--resource') } }
    case 'introspector':
      return { kind, settings: { resources: options.resource } }
    case 'pep':
      return { kind, settings: pepOf(options) }
    case 'surface':
      return {
        kind,
        settings: {
          space: oneOf(options.space === undefined ? [] : [options.space], '--space'),
          silent_after: readSeconds(options.silentAfter),
        },
      }
    default:
      return { kind }
  }
}

const OPTIONS: Readonly<Record<ClientGiven['kind'], readonly string[]>> = {
  enforcer: ['resource'],
  introspector: ['resource'],
  pep: [
    ...['resource', 'namesTasks', 'takes', 'policySet', 'properties'],
    ...['issuer', 'client', 'workload', 'audience'],
  ],
  'signal-source': [],
  surface: ['space', 'silentAfter'],
}

function refuseOthers(kind: ClientGiven['kind'], options: SettingsOptions): void {
  const own = ['key', ...OPTIONS[kind]]
  const other = Object.keys(options).find((name) => !own.includes(name))
  if (other === undefined) return
  const option = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new CommandFailure(`--${option} means nothing for the kind ${kind}`, { exit: 2 })
}

function oneOf(given: readonly string[] = [], option: string): string {
  const [only, ...more] = given
  if (only === undefined || more.length > 0)
    throw new CommandFailure(`${option} is needed, once`, { exit: 2 })
  return only
}

function readSeconds(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const seconds = Number(given)
  if (!/^\d{2,5}$/.test(given) || seconds < 60 || seconds > 86_400)
    throw new CommandFailure('--silent-after is from 60 to 86400 seconds', { exit: 2 })
  return seconds
}

/** Reads the settings of a PEP. A policy set makes the mode. */
function pepOf(options: SettingsOptions): PepGiven {
  const { namesTasks, policySet, properties, resource, takes } = options
  return {
    ...issuingOf(options),
    ...(policySet === undefined ? {} : { mode: 'policy-only', policy_set: policySet }),
    resources: resource,
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function issuingOf({
  audience = [],
  client = [],
  issuer,
  workload = [],
}: SettingsOptions): PepGiven {
  if (issuer === undefined) {
    if (audience.length + client.length + workload.length === 0) return {}
    throw new CommandFailure('--client, --workload and --audience need --issuer', { exit: 2 })
  }
  const party = (type: 'client' | 'workload') => (text: string) => {
    const [id, agent] = pairOf(text)
    return { type, id, agent }
  }
  return {
    mode: 'issuance',
    issuing: {
      issuer,
      parties: [...client.map(party('client')), ...workload.map(party('workload'))],
      audiences: audience.map((text) => {
        const [id, names] = pairOf(text)
        return { id, resources: names.split(',') }
      }),
    },
  }
}

/** Names of ours have no `=`; what is before the last one may. */
function pairOf(text: string): readonly [id: string, name: string] {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1)
    throw new CommandFailure(`\`${text}\` has to be ID=NAME`, { exit: 2 })
  return [text.slice(0, at), text.slice(at + 1)]
}
