import type { SealedColumn } from '../keys/index.ts'
import { sealPlace } from './decision-points/decision-point.ts'
import { place as placeOfResult } from './held-calls/kept-result.ts'

/** Columns of this room that are sealed. */
export const CALLS_SEALED: readonly SealedColumn[] = [
  {
    table: 'decision_points',
    column: 'sealed',
    key: 'name',
    with: ['header', 'url'],
    place: ({ header = '', name = '', url = '' }) => sealPlace({ header, name, url }),
  },
  {
    table: 'kept_results',
    column: 'sealed',
    key: 'decision_id',
    place: ({ decision_id: id = '' }) => placeOfResult(id),
  },
]
