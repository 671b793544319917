import type { ModuleGround, OpenModule } from '../module.ts'
import { archive } from './archive.ts'
import { ArchivedBundles } from './archived-bundles.ts'
import { openPlace } from './places/open-place.ts'
import type { ARCHIVE_SETTINGS } from './settings.ts'

export function openArchive(ground: ModuleGround<typeof ARCHIVE_SETTINGS>): OpenModule {
  const { settings, storage } = ground
  const store = openPlace(settings, ground)
  const days = settings.archiveAfterDays
  return {
    hooks: { archived: new ArchivedBundles(storage.read, store) },
    removals: (centre, { goesOn }) =>
      store === undefined || days === 0
        ? []
        : [{ name: 'archive', run: () => archive({ ...centre, store, days }, goesOn) }],
    close: async () => store?.close(),
  }
}
