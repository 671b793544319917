import type { SealedColumn } from '../../platform/keys/index.ts'
import { clientSecretPlace } from './register-provider.ts'
import { signInAssociatedData } from './sign-in-store.ts'

export const PROVIDERS_SEALED: readonly SealedColumn[] = [
  {
    table: 'identity_providers',
    column: 'sealed_secret',
    key: 'issuer',
    associatedData: ({ issuer = '' }) => clientSecretPlace(issuer),
  },
  {
    table: 'sign_ins',
    column: 'sealed',
    key: 'state_digest',
    associatedData: ({ state_digest: digest = '' }) => signInAssociatedData(digest),
  },
]
