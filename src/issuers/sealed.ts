import type { SealedColumn } from '../keys/index.ts'
import { secretPlace } from './secret-place.ts'

export const ISSUERS_SEALED: readonly SealedColumn[] = [
  {
    table: 'trusted_issuers',
    column: 'sealed_secret',
    key: 'name',
    place: ({ name = '' }) => secretPlace(name),
  },
]
