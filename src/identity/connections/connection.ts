import type { CatalogParts } from '../../catalog/catalog/index.ts'
import type { MasterKey, SealedColumn } from '../../platform/keys/index.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface ConnectionParts extends CatalogParts {
  readonly master: Pick<MasterKey, 'seal' | 'open'>
}

/** Connection to an upstream: how it is reached. The credential is never shown again, to anyone. */
export type Connection = {
  readonly name: string
  /** `bearer`: a fixed token in a request header. */
  readonly kind: 'bearer'
  /** Lower case. `authorization` gets `Bearer <secret>`, any other header the secret alone. */
  readonly header: string
  readonly createdAt: number
  /** Time at which this credential took the place of another; `null`: it is the first. */
  readonly replacedAt: number | null
  /** Time at which the credential expires, as an administrator or the credential itself says; `null`: not stated. Calls are still sent after it. */
  readonly expiresAt: number | null
}

/** Headers that say how a request is framed, routed or on whose behalf it comes: a credential must never be one of them. */
const NOT_A_CREDENTIAL = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'dpop',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'txn-token',
  'upgrade',
  'via',
])

/** A field name (RFC 9110 section 5.1) that may carry a credential. */
export function isCredentialHeader(name: string): boolean {
  return (
    /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(name) &&
    !NOT_A_CREDENTIAL.has(name) &&
    !/^(?:proxy-|sec-|x-forwarded-)/.test(name)
  )
}

/** Printable ASCII without spaces at its ends: what a header value can carry unchanged (RFC 9110 section 5.5). */
export function isCredential(value: string): boolean {
  return value.length <= 8192 && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)
}

/** Ties a sealed credential to its row: it opens nowhere else. */
export function connectionPlace({
  name,
  kind,
  header,
}: Pick<Connection, 'name' | 'kind' | 'header'>): string {
  return `connections/${name}/${kind}/${header}`
}

export const CONNECTIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'connections',
    column: 'sealed',
    key: 'name',
    with: ['kind', 'header'],
    associatedData: ({ header = '', name = '' }) =>
      connectionPlace({ name, kind: 'bearer', header }),
  },
]
