import { listAgents } from '../../../identity/agents/index.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import type { PageParts } from '../parts.ts'
import type { RecertifyItem } from './home-page.ts'

const AHEAD_MS = 14 * DAY
const MAX_LOOKED_AT = 1000

/** Agents of a person whose date is near or past, the most urgent first. */
export async function agentsToRecertify(
  parts: Pick<PageParts, 'decisions'>,
  ownerId: string,
  now: number,
): Promise<RecertifyItem[]> {
  const { read } = parts.decisions.storage
  const owned = await listAgents(read, { ownerId, limit: MAX_LOOKED_AT })
  return owned
    .flatMap(({ certification, id, status, suspendedFor }) =>
      certification && status !== 'retired' && certification.until <= now + AHEAD_MS
        ? [{ id, until: certification.until, stopped: suspendedFor === 'uncertified' }]
        : [],
    )
    .toSorted((a, b) => a.until - b.until)
}
