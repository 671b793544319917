import type { SealedColumn } from '../keys/index.ts'
import { sealContext } from './connection.ts'

export const CONNECTIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'connections',
    column: 'sealed',
    key: 'name',
    with: ['kind', 'header'],
    place: ({ header = '', name = '' }) => sealContext({ name, kind: 'bearer', header }),
  },
]
