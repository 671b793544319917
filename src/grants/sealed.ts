import type { SealedColumn } from '../keys/index.ts'
import { placeOf as placeOfSuccessor } from './code/refresh-replay.ts'
import { placeOf as placeOfDeferral } from './pipeline/defer.ts'

/** Columns of this room that are sealed. */
export const GRANTS_SEALED: readonly SealedColumn[] = [
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
]
