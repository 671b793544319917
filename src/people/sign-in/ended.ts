import { sha256url } from '../../lib/bytes.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'

/** Kind of use (`consumeOnce`) that stands for a session of a provider which ended a moment ago. */
export const ENDED_AT = 'ended_at_provider'

export function endedKey(issuer: string, sid: string): string {
  return sha256url(canonicalJson({ iss: issuer, sid }))
}
