import type { SealedColumn } from '../../keys/index.ts'
import { placeOf } from '../confirm.ts'
import { secretContext } from './register-provider.ts'
import { signInContext } from './sign-in-store.ts'

export const PEOPLE_SEALED: readonly SealedColumn[] = [
  {
    table: 'identity_providers',
    column: 'sealed_secret',
    key: 'issuer',
    place: ({ issuer = '' }) => secretContext(issuer),
  },
  {
    table: 'sign_ins',
    column: 'sealed',
    key: 'state_digest',
    place: ({ state_digest: digest = '' }) => signInContext(digest),
  },
  {
    table: 'confirmations',
    column: 'digest_key',
    key: 'id',
    place: ({ id = '' }) => placeOf(id),
  },
]
