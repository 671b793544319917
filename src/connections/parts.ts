import type { CatalogParts } from '../catalog/index.ts'
import type { MasterKey } from '../keys/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface ConnectionParts extends CatalogParts {
  readonly master: Pick<MasterKey, 'seal' | 'open'>
}
