import type { CatalogParts } from '../catalog/index.ts'
import type { MasterKey } from '../keys/index.ts'

/** What this room works with. Every act takes it first. */
export interface ConnectionParts extends CatalogParts {
  readonly master: Pick<MasterKey, 'seal' | 'open'>
}
