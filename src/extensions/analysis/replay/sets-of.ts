import type { CallParts } from '../../../calls/calls/index.ts'
import { schemaInSteps } from '../../../policy/policy/index.ts'
import type { ReplaySets } from './replay-thread.ts'

const NOTHING = { text: '', schema: '' }

/** The policies in force and a draft, both typed by the catalog as it is now. */
export async function setsOf(
  parts: Pick<CallParts, 'catalog' | 'policies'>,
  text: string,
): Promise<ReplaySets> {
  const { version } = await parts.policies.active()
  const { actions } = await parts.catalog.current()
  const schema = await schemaInSteps(actions.values())
  const live = version === 0 ? NOTHING : await parts.policies.version(version)
  return {
    live: { version, text: live.text, schema },
    draft: { version: -1, text, schema },
    asPublished: live.schema === schema,
  }
}
