import type { SealedColumn } from '../../keys/index.ts'
import { placeOf as placeOfDeferral } from '../deferring/defer.ts'
import { sealPlace } from '../external/decision-point.ts'
import { placeOf as placeOfSuccessor } from '../interactive/lost-answer.ts'
import { place as placeOfResult } from '../waiting/kept-result.ts'

export const DECISIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'decision_points',
    column: 'sealed',
    key: 'name',
    with: ['header', 'url'],
    place: ({ header = '', name = '', url = '' }) => sealPlace({ header, name, url }),
  },
  ...['code', 'notify_token'].map(
    (column): SealedColumn => ({
      table: 'deferrals',
      column,
      key: 'digest',
      place: ({ digest = '' }) => placeOfDeferral(digest),
    }),
  ),
  {
    table: 'refresh_tokens',
    column: 'successor',
    key: 'digest',
    place: ({ digest = '' }) => placeOfSuccessor({ digest }),
  },
  {
    table: 'kept_results',
    column: 'sealed',
    key: 'decision_id',
    place: ({ decision_id: id = '' }) => placeOfResult(id),
  },
]
