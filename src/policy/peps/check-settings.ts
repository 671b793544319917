import { findResource } from '../../catalog/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Reader } from '../../storage/index.ts'
import { latestOnlySet } from '../only/set-store.ts'
import type { PepSettings } from './pep.ts'

/** What is not said is the safer. */
const LEAST = {
  mode: 'task',
  policySet: null,
  resources: null,
  properties: false,
  namesTasks: false,
  takes: false,
} as const satisfies PepSettings

/**
 * Whole settings from what was said. What means nothing in a mode is refused there, so that nobody relies on it.
 * @throws Problem `pep.bad_settings`
 */
export async function checkSettings(
  reader: Reader,
  said: Partial<PepSettings>,
): Promise<PepSettings> {
  const settings: PepSettings = { ...LEAST, ...said }
  if (settings.mode === 'task') await checkTaskMode(reader, settings)
  else await checkPolicyOnly(reader, settings)
  return settings
}

async function checkTaskMode(reader: Reader, { policySet, resources }: PepSettings): Promise<void> {
  if (policySet !== null) throw bad('a policy set is named in the mode `policy-only` only')
  for (const name of resources ?? []) {
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

function bad(detail: string): Problem {
  return new Problem('pep.bad_settings', detail)
}
