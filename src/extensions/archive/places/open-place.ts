import type { Clock } from '../../../platform/lib/clock.ts'
import type { Random } from '../../../platform/lib/random.ts'
import { systemWait, type Wait } from '../../../platform/lib/repeat.ts'
import type { ArchivePlace } from '../segment.ts'
import { type ArchiveSettings, readStorePlace, storeKeyIn } from '../settings.ts'
import { FolderStore } from './folder-store.ts'
import { S3Store } from './s3-store.ts'

/** Opens the place that the settings name; `undefined`: none. */
export function openPlace(
  settings: ArchiveSettings,
  {
    clock,
    random,
    wait = systemWait,
    ...more
  }: {
    readonly clock: Clock
    readonly random: Random
    readonly wait?: Wait
    /** Limit of one try, in milliseconds. */
    readonly patienceMs?: number
  },
): ArchivePlace | undefined {
  const { archive, archiveEndpoint, archiveRegion: region } = settings
  if (archive === undefined) return undefined
  const place = readStorePlace(archive)
  const key = storeKeyIn(settings)
  if (!place || !key) return new FolderStore(archive, random)
  return S3Store.open({
    ...{ place, key, region, clock, wait, ...more },
    endpoint: archiveEndpoint ?? `https://s3.${region}.amazonaws.com`,
    isInHost: settings.archiveAddressing === 'host',
  })
}
