import type { SealedColumn } from '../keys/index.ts'
import { associatedData } from './connection.ts'

export const CONNECTIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'connections',
    column: 'sealed',
    key: 'name',
    with: ['kind', 'header'],
    associatedData: ({ header = '', name = '' }) =>
      associatedData({ name, kind: 'bearer', header }),
  },
]
