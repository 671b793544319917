import { type ApiParts, acts, personNames, schemaNow, toJson } from '../../../console/api/index.ts'
import * as kit from '../../../console/operation-kit/schemas.ts'
import { latestDraft, readSeen, type ShadowDraft, startShadow, stopShadow } from '../index.ts'
import { POLICY_SHADOW, Shadow } from '../operations/shadow.ts'
import { requireValid } from './replay.ts'

const SHADOW = Shadow(kit)

export const POLICY_SHADOW_OPERATIONS = acts(POLICY_SHADOW, {
  start: async (parts, { body, caller }) => {
    const { note = '', text } = body
    await requireValid(parts, text, await schemaNow(parts))
    const draft = await startShadow(parts.decisions, { text, note, by: caller.person.id })
    return { shadow: await shadowShape(parts, draft) }
  },
  status: statusShape,
  stop: async (parts, { caller }) => {
    await stopShadow(parts.decisions, { by: caller.person.id })
    return statusShape(parts)
  },
})

async function statusShape(parts: ApiParts) {
  const draft = await latestDraft(parts.policy.storage.read)
  return { shadow: draft ? await shadowShape(parts, draft) : null }
}

async function shadowShape(parts: ApiParts, draft: ShadowDraft) {
  const { baseVersion, by, endedWhy, number } = draft
  const seen = await readSeen(parts.policy.storage.read, number)
  const nameOf = await personNames(parts, [by])
  const { version } = await parts.policies.active()
  const count = (kind: string) =>
    seen.groups.reduce((sum, group) => sum + (group.kind === kind ? group.count : 0), 0)
  return toJson(
    SHADOW,
    { ...draft, ...seen },
    {
      draft: number,
      state: endedWhy ?? (version === baseVersion ? 'running' : 'published'),
      started_by: by,
      started_by_name: nameOf(by),
      denied: count('denied'),
      permitted: count('permitted'),
      asks: count('asks'),
    },
  )
}
