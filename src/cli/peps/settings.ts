import type { Command } from 'commander'
import { CommandFailure } from '../failure.ts'
import type { InputOf } from '../server/operation-types.ts'

type SettingsBody = NonNullable<InputOf<'PUT', '/peps/:name'>['body']>

export interface SettingsOptions {
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
    .option('--resource <name...>', 'what it may ask about; else every resource')
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

/** The same for the API. A policy set makes the mode. */
export function bodyOf(options: SettingsOptions): SettingsBody {
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
}: SettingsOptions): SettingsBody {
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
