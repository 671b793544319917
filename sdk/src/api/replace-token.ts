import { CallFailed, Denied, UsageError } from '../errors.ts'
import type { Fetch } from '../wire/ports.ts'
import { objectOf, textOr } from '../wire/problem.ts'
import { reach, secureUrl } from '../wire/server.ts'

const TRANSACTION_TOKEN = 'urn:ietf:params:oauth:token-type:txn_token'

/** Settings of a service that passes a call on. */
export interface Replacement {
  readonly issuer: string
  readonly trustDomain: string
  /** `enf_…` of the service, from `remit clients add enforcer`. */
  readonly secret: string
  /** The transaction token that it was given. */
  readonly token: string
  /** The action of the permitted call. */
  readonly action: string
  readonly fetch?: Fetch
}

/**
 * A transaction token that says that this service passes the call on, for the header `Txn-Token` of what it sends to others inside the trust
 * domain. It is about the same call, and lives no longer than the one before.
 * @throws {Denied} with Remit's code: also when the task has ended meanwhile; {CallFailed}
 */
export async function replaceTransactionToken(given: Replacement): Promise<string> {
  const { action, fetch: fetching = fetch, issuer, secret, token, trustDomain } = given
  if (secret === '') throw new UsageError('`secret` is empty')
  const url = secureUrl(`${issuer}/oauth/token`).href
  const init: RequestInit = {
    method: 'POST',
    redirect: 'error',
    headers: { authorization: `Bearer ${secret}`, accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: TRANSACTION_TOKEN,
      subject_token_type: TRANSACTION_TOKEN,
      subject_token: token,
      audience: trustDomain,
      scope: action,
    }),
  }
  const response = await reach(url, () => fetching(url, init), 'none')
  const { access_token, code, error, error_description, issued_token_type } = await objectOf(
    response.clone(),
  )
  if (response.ok && typeof access_token === 'string' && issued_token_type === TRANSACTION_TOKEN)
    return access_token
  const facts = { status: response.status, response }
  if (typeof error !== 'string' || response.status >= 500)
    throw new CallFailed('server.unreadable', 'the token endpoint answered something else', {
      ...facts,
      effect: 'none',
    })
  throw new Denied({
    ...facts,
    code: textOr(code) ?? error,
    detail: textOr(error_description) ?? error,
  })
}
