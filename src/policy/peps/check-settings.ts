import { findAgent } from '../../agents/index.ts'
import { findResource } from '../../catalog/index.ts'
import type { IssuingSettings, PepSettings } from '../../clients/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Reader } from '../../storage/index.ts'
import { latestOnlySet } from '../only/set-store.ts'

/** Defaults of the settings: a setting that is left out is the safer one. */
const MIN = {
  mode: 'task',
  policySet: null,
  issuing: null,
  resources: null,
  properties: false,
  namesTasks: false,
  takes: false,
} as const satisfies PepSettings

/**
 * Completes the settings from what was said. What means nothing in a mode is refused there, so that
 * nobody relies on it.
 * @throws Problem `pep.bad_settings`
 */
export async function checkSettings(
  reader: Reader,
  said: Partial<PepSettings>,
): Promise<PepSettings> {
  const settings: PepSettings = { ...MIN, ...said }
  const { issuing, mode } = settings
  if ((mode === 'issuance') !== (issuing !== null))
    throw bad('`issuing` is of the mode `issuance`, and it needs it')
  if (mode === 'task') await checkTaskMode(reader, settings)
  else if (issuing) await checkIssuing(reader, settings, issuing)
  else await checkPolicyOnly(reader, settings)
  return settings
}

async function checkTaskMode(reader: Reader, { policySet, resources }: PepSettings): Promise<void> {
  if (policySet !== null) throw bad('a policy set is named in the mode `policy-only` only')
  await checkResources(reader, resources ?? [])
}

async function checkResources(reader: Reader, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await findResource(reader, name)
    if (!found || found.status === 'removed') throw bad(`there is no resource \`${name}\``)
  }
}

async function checkPolicyOnly(reader: Reader, settings: PepSettings): Promise<void> {
  const { namesTasks, policySet, resources, takes } = settings
  if (resources !== null || namesTasks || takes)
    throw bad('resources and tasks are of the mode `task` only')
  if (policySet === null) throw bad('the mode `policy-only` needs a policy set')
  if (!(await latestOnlySet(reader, policySet)))
    throw bad(`there is no policy set \`${policySet}\``)
}

const MAX = { parties: 256, audiences: 64, behind: 64, characters: 1024 } as const

async function checkIssuing(
  reader: Reader,
  { namesTasks, policySet, properties, resources, takes }: PepSettings,
  { audiences, issuer, parties }: IssuingSettings,
): Promise<void> {
  if (policySet !== null || properties || namesTasks || takes)
    throw bad('policy sets, properties and tasks mean nothing in the mode `issuance`')
  if (!URL.canParse(issuer) || !isShort(issuer)) throw bad('`issuing.issuer` is no address')
  if (parties.length > MAX.parties || audiences.length > MAX.audiences)
    throw bad(`at most ${MAX.parties} parties and ${MAX.audiences} audiences`)
  const ids = [...parties.map(({ id, type }) => `${type} ${id}`), ...audiences.map(({ id }) => id)]
  if (new Set(ids).size < ids.length) throw bad('a party or an audience is there twice')
  if (![...parties, ...audiences].every(({ id }) => isShort(id)))
    throw bad(`an id has 1 to ${MAX.characters} characters`)
  for (const { agent } of parties)
    if (!(await findAgent(reader, agent))) throw bad(`there is no agent \`${agent}\``)
  for (const { id, resources: behind } of audiences) {
    if (behind.length === 0 || behind.length > MAX.behind)
      throw bad(`\`${id}\` stands for 1 to ${MAX.behind} resources`)
    await checkResources(reader, behind)
  }
  await checkResources(reader, resources ?? [])
}

function isShort(text: string): boolean {
  return text !== '' && text.length <= MAX.characters
}

function bad(detail: string): Problem {
  return new Problem('pep.bad_settings', detail)
}
