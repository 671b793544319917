import type { GrantParts } from '../../grants/index.ts'
import type { Cookies } from '../../http/index.ts'
import type { Problem } from '../../lib/problem.ts'
import type { ProtocolRecords } from '../../opaque-tokens/index.ts'

/** Ports of the authorization endpoint. */
export interface AuthorizationPorts {
  readonly issuer: string
  /** True when requests that were not pushed are refused, of every client (RFC 9126 section 5). */
  readonly pushedOnly: boolean
  readonly records: ProtocolRecords
  readonly decisions: GrantParts
  readonly cookies: Cookies
  /** Writes the page of an error that cannot be sent back to the client. */
  readonly problemPage: (problem: Problem, requestId: string) => string
}
