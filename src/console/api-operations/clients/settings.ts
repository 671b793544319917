import type { Static } from 'typebox'
import type { LooseInput } from '../../operation-kit/command.ts'
import { input, type ReaderContext, type Source, valuesOf } from '../../operation-kit/source.ts'
import type { ClientJson, NewClient } from './schemas.ts'

type Kind = ClientJson['kind']
type Usage = Pick<ReaderContext, 'usage'>

/** Kind and settings of a client, as they are sent. */
type ClientInput = NewClientBody extends infer B
  ? B extends unknown
    ? Omit<B, 'id' | 'jwk'>
    : never
  : never
type NewClientBody = LooseInput<Static<ReturnType<typeof NewClient>>>
type PepInput = NonNullable<Extract<NewClientBody, { kind: 'pep' }>['settings']>

const asking = {
  resource: input(
    '--resource <name...>',
    'what it may ask about; else every resource. The API of an enforcer',
  ),
  namesTasks: input(
    '--names-tasks',
    'it is trusted to say which task is calling, without token and proof',
  ),
  takes: input('--takes', 'it asks /v1/calls before a call runs, where budgets are taken'),
  policySet: input('--policy-set <name>', 'answer by this policy-only set and nothing else'),
  properties: input('--properties', 'properties of its requests count'),
  issuer: input(
    '--issuer <url>',
    'it is the authorization server of this name, and asks before it issues',
  ),
  client: input(
    '--client <id=agent...>',
    'with --issuer: its client is this agent, beside those linked',
  ),
  workload: input('--workload <id=agent...>', 'with --issuer: that workload is this agent'),
  audience: input(
    '--audience <id=names...>',
    'with --issuer: an audience, and the resources behind it',
  ),
}

/** Options of settings that change. */
export const newSettings = valuesOf(asking)

/** Options of all settings. */
export const allSettings = valuesOf({
  space: input('--space <name>', 'of a surface: it speaks for this one and all below it'),
  silentAfter: input(
    '--silent-after <seconds>',
    'of a surface: silent for longer, nothing it said counts; 900 when left out',
  ),
  ...asking,
})

type Options = typeof allSettings extends Source<infer O> ? O : never

const OF_KIND: Readonly<Record<Kind, readonly (keyof Options)[]>> = {
  enforcer: ['resource'],
  introspector: ['resource'],
  pep: [
    ...(['resource', 'namesTasks', 'takes', 'policySet', 'properties'] as const),
    ...(['issuer', 'client', 'workload', 'audience'] as const),
  ],
  'signal-source': [],
  surface: ['space', 'silentAfter'],
}

/** Reads the options of a kind; one that means nothing there is refused. */
export function settingsOf(kind: Kind, options: Options, reading: Usage): ClientInput {
  refuseOthers(kind, options, reading)
  switch (kind) {
    case 'enforcer':
      return { kind, settings: { resource: oneOf(options.resource, '--resource', reading) } }
    case 'introspector':
      return { kind, settings: { resources: options.resource } }
    case 'pep':
      return { kind, settings: pepOf(options, reading) }
    case 'surface':
      return {
        kind,
        settings: {
          space: oneOf(options.space === undefined ? [] : [options.space], '--space', reading),
          silent_after: readSeconds(options.silentAfter, reading),
        },
      }
    default:
      return { kind }
  }
}

/** Reads the options of a client that is there. */
export function replacedSettings(
  kind: string,
  options: Options,
  reading: Usage & Pick<ReaderContext, 'failure'>,
) {
  if (kind !== 'pep' && kind !== 'introspector')
    throw reading.failure(`settings of the kind ${kind} do not change`, {
      next: ['remit clients add, and remit clients remove'],
    })
  refuseOthers(kind, options, reading)
  return kind === 'pep'
    ? ({ kind: 'pep', settings: { ...pepOf(options, reading) } } as const)
    : ({ kind: 'introspector', settings: { resources: options.resource } } as const)
}

function refuseOthers(kind: Kind, options: Options, { usage }: Usage): void {
  const own: readonly string[] = OF_KIND[kind]
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const [other] = given.find(([name]) => !own.includes(name)) ?? []
  if (other === undefined) return
  const option = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw usage(`--${option} means nothing for the kind ${kind}`)
}

function oneOf(given: readonly string[] = [], option: string, { usage }: Usage): string {
  const [only, ...more] = given
  if (only === undefined || more.length > 0) throw usage(`${option} is needed, once`)
  return only
}

function readSeconds(given: string | undefined, { usage }: Usage): number | undefined {
  if (given === undefined) return undefined
  const seconds = Number(given)
  if (!/^\d{2,5}$/.test(given) || seconds < 60 || seconds > 86_400)
    throw usage('--silent-after is from 60 to 86400 seconds')
  return seconds
}

/** Reads the settings of a PEP. A policy set makes the mode. */
function pepOf(options: Options, reading: Usage): PepInput {
  const { namesTasks, policySet, properties, resource, takes } = options
  return {
    ...issuingOf(options, reading),
    ...(policySet === undefined ? {} : { mode: 'policy-only', policy_set: policySet }),
    resources: resource,
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function issuingOf(
  { audience = [], client = [], issuer, workload = [] }: Options,
  reading: Usage,
): PepInput {
  if (issuer === undefined) {
    if (audience.length + client.length + workload.length === 0) return {}
    throw reading.usage('--client, --workload and --audience need --issuer')
  }
  const party = (type: 'client' | 'workload') => (text: string) => {
    const [id, agent] = pairOf(text, reading)
    return { type, id, agent }
  }
  return {
    mode: 'issuance',
    issuing: {
      issuer,
      parties: [...client.map(party('client')), ...workload.map(party('workload'))],
      audiences: audience.map((text) => {
        const [id, names] = pairOf(text, reading)
        return { id, resources: names.split(',') }
      }),
    },
  }
}

/** Splits at the last `=`: our names have none, ids before it may. */
function pairOf(text: string, { usage }: Usage): readonly [id: string, name: string] {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1) throw usage(`\`${text}\` has to be ID=NAME`)
  return [text.slice(0, at), text.slice(at + 1)]
}
