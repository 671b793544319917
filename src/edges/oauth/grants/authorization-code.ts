import {
  type InteractiveTokens,
  redeemCode,
  refreshTokens,
} from '../../../grants/code-grant/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import type { GrantRefusal } from '../../../grants/issuance/index.ts'
import type { ProtocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type CodeRecord, findCode, recordId } from '../authorization/records.ts'
import { type Form, refuseParameters, required } from '../form.ts'
import { ACCESS_TOKEN } from '../grant-types.ts'
import { refusalProblem, type TokenAnswer } from '../token-answer.ts'
import { clientIdOf, deferringOf, type RequestCredentials, requiresAll, wantedOf } from './read.ts'

/** Parts that the grants of the authorization endpoint work with. */
export interface InteractiveParts {
  readonly decisions: GrantParts
  readonly records: ProtocolRecords
}

/** RFC 7636 section 4.1 */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/**
 * The authorization code grant (RFC 6749 section 4.1.3, RFC 7636, RFC 8707): the code opens the task that the person allowed
 * (contract 5.3). Whether it does is decided in one transaction; here it is only read.
 */
export async function authorizationCode(
  { records, decisions }: InteractiveParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuseParameters(form, ['client_secret'], 'is not accepted here')
  const code = required(form, 'code')
  const stored = await findCode(records, code)
  if (!stored || !isRightFor(stored, form))
    throw new Problem(
      'code.invalid',
      'the code is unknown or expired, or the request does not match it',
    )
  const answer = await redeemCode(decisions, {
    ...presented,
    ...assertionOf(form),
    authorizationId: stored.authorizationId,
    codeId: recordId(code),
    deferrable: deferringOf(form) !== undefined,
    details: wantedOf(form).details,
    thumbprint: stored.thumbprint,
  })
  return interactiveAnswer(answer)
}

/**
 * Checks everything that a code is bound to.
 * INVARIANT: a code is worth nothing without the verifier of its challenge (RFC 7636 section 4.6), and no method but S256.
 */
function isRightFor(stored: CodeRecord, form: Form): boolean {
  const verifier = form.get('code_verifier') ?? ''
  return (
    stored.clientId === clientIdOf(form) &&
    stored.redirectUri === required(form, 'redirect_uri') &&
    stored.resource === (form.get('resource') ?? stored.resource) &&
    stored.codeChallengeMethod === 'S256' &&
    VERIFIER.test(verifier) &&
    stored.codeChallenge === sha256url(verifier)
  )
}

/** The refresh token grant (RFC 6749 section 6) of tasks that a code opened. */
export async function refreshToken(
  { decisions }: InteractiveParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuseParameters(form, ['client_secret'], 'is not accepted here')
  return interactiveAnswer(
    await refreshTokens(decisions, {
      ...presented,
      ...assertionOf(form),
      clientId: clientIdOf(form),
      refreshToken: required(form, 'refresh_token'),
      resource: form.get('resource'),
      ...wantedOf(form),
      requireAll: requiresAll(form),
    }),
  )
}

/**
 * Assertion of a client that authenticates (RFC 7523 section 2.2). Which clients do, they said
 * where they described themselves.
 */
function assertionOf(form: Form) {
  return {
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
  }
}

function interactiveAnswer(answer: InteractiveTokens | GrantRefusal): TokenAnswer {
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  return {
    access_token: answer.token,
    issued_token_type: ACCESS_TOKEN,
    token_type: answer.kind,
    expires_in: answer.expiresIn,
    ...(answer.refreshToken === undefined ? {} : { refresh_token: answer.refreshToken }),
    scope: answer.scope,
    authorization_details: answer.details,
    task_id: answer.taskId,
    ...(answer.missing ? { missing_authorization_details: answer.missing } : {}),
  }
}
