import type { GrantParts } from '../../../grants/grants/index.ts'
import type { ProtocolRecords } from '../../../identity/opaque-tokens/index.ts'
import type { Cookies } from '../../../platform/http/index.ts'
import type { Problem } from '../../../platform/lib/problem.ts'

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
