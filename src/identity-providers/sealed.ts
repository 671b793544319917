import type { SealedColumn } from '../keys/index.ts'
import { secretContext } from './register-provider.ts'
import { signInContext } from './sign-in-store.ts'

export const PROVIDERS_SEALED: readonly SealedColumn[] = [
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
]
