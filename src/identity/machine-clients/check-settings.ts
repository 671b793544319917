import { findResource, type Resource } from '../../catalog/catalog/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY, MINUTE } from '../../platform/lib/time-units.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { findAgent } from '../agents/index.ts'
import type { ClientKind } from './kinds.ts'
import type { SettingReferences } from './parts.ts'
import type { ClientSettings, IssuingSettings, PepSettings } from './settings.ts'

interface Lookup {
  readonly reader: Reader
  readonly references: SettingReferences
}

/** Settings as an administrator said them: a setting that is left out has the safer default. */
export type ClientSettingsInput<K extends ClientKind = ClientKind> = {
  [P in K]: Partial<ClientSettings[P]>
}[K]

type Checks = {
  readonly [K in ClientKind]: (
    lookup: Lookup,
    said: Partial<ClientSettings[K]>,
  ) => Promise<ClientSettings[K]>
}

const CHECKS: Checks = {
  enforcer: checkEnforcer,
  introspector: async ({ reader }, { resources = null }) => {
    await requireResources(reader, resources ?? [])
    return { resources }
  },
  pep: checkPep,
  'signal-source': async () => ({}),
  surface: checkSurface,
}

/**
 * Completes the given settings. A setting that has no effect in a kind or a mode is refused there, so that
 * no administrator relies on it.
 * @throws Problem `client.bad_settings`, `client.not_direct`, `catalog.unknown_resource`, `space.unknown`
 */
export function checkSettings<K extends ClientKind>(
  lookup: Lookup,
  kind: K,
  said: Partial<ClientSettings[K]>,
): Promise<ClientSettings[K]> {
  return CHECKS[kind](lookup, said)
}

async function checkEnforcer(
  { reader }: Lookup,
  { resource: name }: Partial<ClientSettings['enforcer']>,
): Promise<ClientSettings['enforcer']> {
  if (name === undefined) throw badClientSettings('an enforcer names its `resource`')
  const found = await resourceOf(reader, name)
  if (!found) throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
  // One inside the trust domain passes calls on, and asks for transaction tokens of its own.
  if (found.mode !== 'direct' && !found.trusted)
    throw new Problem('client.not_direct', `calls to \`${name}\` go through the gateway`)
  return { resource: name }
}

const SILENT_AFTER = { least: MINUTE, default: 15 * MINUTE, most: DAY } as const

async function checkSurface(
  { reader, references }: Lookup,
  { silentAfter = SILENT_AFTER.default, space }: Partial<ClientSettings['surface']>,
): Promise<ClientSettings['surface']> {
  if (space === undefined) throw badClientSettings('a surface names its `space`')
  if (!(await references.space(reader, space)))
    throw new Problem('space.unknown', `there is no space \`${space}\``)
  const { least, most } = SILENT_AFTER
  if (!Number.isSafeInteger(silentAfter) || silentAfter < least || silentAfter > most)
    throw badClientSettings('a surface may be silent for 60 to 86400 seconds')
  return { space, silentAfter }
}

const MIN_PEP = {
  mode: 'task',
  policySet: null,
  issuing: null,
  resources: null,
  properties: false,
  namesTasks: false,
  takes: false,
} as const satisfies PepSettings

async function checkPep(lookup: Lookup, said: Partial<PepSettings>): Promise<PepSettings> {
  const settings: PepSettings = { ...MIN_PEP, ...said }
  const { issuing, mode } = settings
  if ((mode === 'issuance') !== (issuing !== null))
    throw badClientSettings('`issuing` is of the mode `issuance`, and it needs it')
  if (mode === 'task') await checkTaskMode(lookup, settings)
  else if (issuing) await checkIssuing(lookup, settings, issuing)
  else await checkPolicyOnly(lookup, settings)
  return settings
}

async function checkTaskMode({ reader }: Lookup, settings: PepSettings): Promise<void> {
  const { policySet, resources } = settings
  if (policySet !== null)
    throw badClientSettings('a policy set is named in the mode `policy-only` only')
  await requireResources(reader, resources ?? [])
}

async function checkPolicyOnly(
  { reader, references }: Lookup,
  { namesTasks, policySet, resources, takes }: PepSettings,
): Promise<void> {
  if (resources !== null || namesTasks || takes)
    throw badClientSettings('resources and tasks are of the mode `task` only')
  if (policySet === null) throw badClientSettings('the mode `policy-only` needs a policy set')
  if (!(await references.policySet(reader, policySet)))
    throw badClientSettings(`there is no policy set \`${policySet}\``)
}

const MAX = { parties: 256, audiences: 64, behind: 64, characters: 1024 } as const

async function checkIssuing(
  { reader }: Lookup,
  { namesTasks, policySet, properties, resources, takes }: PepSettings,
  { audiences, issuer, parties }: IssuingSettings,
): Promise<void> {
  if (policySet !== null || properties || namesTasks || takes)
    throw badClientSettings('policy sets, properties and tasks mean nothing in the mode `issuance`')
  if (!URL.canParse(issuer) || !isShort(issuer))
    throw badClientSettings('`issuing.issuer` is no address')
  if (parties.length > MAX.parties || audiences.length > MAX.audiences)
    throw badClientSettings(`at most ${MAX.parties} parties and ${MAX.audiences} audiences`)
  const ids = [...parties.map(({ id, type }) => `${type} ${id}`), ...audiences.map(({ id }) => id)]
  if (new Set(ids).size < ids.length)
    throw badClientSettings('a party or an audience is there twice')
  if (![...parties, ...audiences].every(({ id }) => isShort(id)))
    throw badClientSettings(`an id has 1 to ${MAX.characters} characters`)
  for (const { agent } of parties)
    if (!(await findAgent(reader, agent))) throw badClientSettings(`there is no agent \`${agent}\``)
  for (const { id, resources: behind } of audiences) {
    if (behind.length === 0 || behind.length > MAX.behind)
      throw badClientSettings(`\`${id}\` stands for 1 to ${MAX.behind} resources`)
    await requireResources(reader, behind)
  }
  await requireResources(reader, resources ?? [])
}

async function requireResources(reader: Reader, names: readonly string[]): Promise<void> {
  for (const name of names)
    if (!(await resourceOf(reader, name)))
      throw badClientSettings(`there is no resource \`${name}\``)
}

async function resourceOf(reader: Reader, name: string): Promise<Resource | undefined> {
  const found = await findResource(reader, name)
  return found?.status === 'removed' ? undefined : found
}

function isShort(text: string): boolean {
  return text !== '' && text.length <= MAX.characters
}

function badClientSettings(detail: string): Problem {
  return new Problem('client.bad_settings', detail)
}
