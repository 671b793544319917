import { type GrantParts, openTask } from '../../../grants/grants/index.ts'
import { issueResourceToken } from '../../../grants/issuance/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Form, required } from '../form.ts'
import { ACCESS_TOKEN } from '../grant-types.ts'
import { openingAnswer, resourceTokenAnswer, type TokenAnswer } from '../token-answer.ts'
import {
  openingOf,
  type RequestCredentials,
  refuseActor,
  requiresAll,
  taskOf,
  wantedOf,
} from './read.ts'

/**
 * Token exchange (RFC 8693), twofold: with client authentication it opens a task for a person (contract 5.1); a task that
 * names itself gets a resource token for its task token (contract 5.5).
 */
export async function tokenExchange(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  // A client id that is a task names that task; an agent authenticates, by an assertion or at the TLS connection.
  const names = form.get('client_id')
  const byCertificate = presented.certificate && names !== undefined && !isId('task', names)
  if (!form.has('client_assertion') && !byCertificate) {
    return resourceTokenAnswer(
      await issueResourceToken(parts, { ...presented, ...exchangeOf(form) }),
    )
  }
  const opening = {
    ...presented,
    ...openingOf(form),
    subjectToken: required(form, 'subject_token'),
    subjectTokenType: required(form, 'subject_token_type'),
    ...taskOf(form),
    purpose: required(form, 'purpose'),
  }
  return openingAnswer(await openTask(parts, 'token_exchange', opening))
}

/** The task names itself and shows its token; the proof shows its key. */
function exchangeOf(form: Form) {
  refuseActor(form)
  if (required(form, 'subject_token_type') !== ACCESS_TOKEN) {
    throw new Problem('oauth.invalid_request', 'a task token is an access token')
  }
  return {
    clientId: required(form, 'client_id'),
    token: required(form, 'subject_token'),
    resource: required(form, 'resource'),
    ...wantedOf(form),
    requireAll: requiresAll(form),
  }
}
