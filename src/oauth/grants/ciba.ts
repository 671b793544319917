import type { GrantParts } from '../../grants/index.ts'
import type { Form } from '../form.ts'
import type { TokenAnswer } from '../token-answer.ts'
import { polled } from './deferred.ts'
import type { RequestCredentials } from './read.ts'

/** Polling for what a person answered whom the agent asked itself (OpenID CIBA section 10.1). */
export function ciba(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  return polled(parts, presented, form, { flow: 'ciba', name: 'auth_req_id' })
}
