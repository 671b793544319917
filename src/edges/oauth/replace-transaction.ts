import type { IncomingMessage } from 'node:http'
import type { GrantParts } from '../../grants/grants/index.ts'
import { replaceTransaction } from '../../grants/issuance/index.ts'
import type { ClientAuthentication } from '../../identity/machine-clients/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Form, required } from './form.ts'
import { TRANSACTION_TOKEN } from './grant-types.ts'
import { refuseAllBut } from './grants/read.ts'
import { presentedMachine } from './presented-caller.ts'

/** Answer with a token that is no access token (RFC 8693 section 2.2.1). */
export interface TransactionAnswer {
  readonly access_token: string
  readonly issued_token_type: typeof TRANSACTION_TOKEN
  readonly token_type: 'N_A'
  readonly expires_in: number
  readonly scope: string
}

const KNOWN = [
  'grant_type',
  'requested_token_type',
  'subject_token',
  'subject_token_type',
  'audience',
  'scope',
  'client_assertion',
  'client_assertion_type',
]

/**
 * The transaction token service (draft-ietf-oauth-transaction-tokens): a service that was given a transaction token gets one that says that
 * it passes the call on. Nothing else becomes a transaction token: the first one is the gateway's, after its decision.
 */
export async function replaceTransactionToken(
  message: IncomingMessage,
  form: Form,
  {
    decisions,
    trustDomain,
  }: { readonly decisions: GrantParts & ClientAuthentication; readonly trustDomain: string },
): Promise<TransactionAnswer> {
  refuseAllBut(form, KNOWN, 'means nothing here')
  if (required(form, 'subject_token_type') !== TRANSACTION_TOKEN)
    throw new Problem('oauth.invalid_request', 'only a transaction token is replaced by one')
  const { expiresIn, scope, token } = await replaceTransaction(decisions, {
    presented: presentedMachine(message, form),
    token: required(form, 'subject_token'),
    audience: required(form, 'audience'),
    scope: required(form, 'scope'),
    trustDomain,
  })
  return {
    access_token: token,
    issued_token_type: TRANSACTION_TOKEN,
    token_type: 'N_A',
    expires_in: expiresIn,
    scope,
  }
}
