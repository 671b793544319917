import { type InteractiveTokens, redeemCode, refreshTokens } from '../../code-grant/index.ts'
import type { GrantParts } from '../../grants/index.ts'
import type { Refused } from '../../issuance/index.ts'
import { sha256url } from '../../lib/bytes.ts'
import { Problem } from '../../lib/problem.ts'
import type { OidcPayloads } from '../../opaque-tokens/index.ts'
import { codeId } from '../adapter.ts'
import { type Form, required } from '../form.ts'
import { ACCESS_TOKEN } from '../grant-types.ts'
import { refusalProblem, type TokenAnswer } from '../token-answer.ts'
import { clientIdOf, deferringOf, type RequestCredentials, refuse, wantedOf } from './read.ts'

/** What the grants of the authorization endpoint work with. */
export interface InteractiveParts {
  readonly decisions: GrantParts
  readonly artefacts: OidcPayloads
}

/** What the provider remembers of a code, as far as redeeming it asks. */
interface StoredCode {
  readonly clientId?: unknown
  readonly grantId?: unknown
  readonly redirectUri?: unknown
  readonly resource?: unknown
  readonly codeChallenge?: unknown
  readonly codeChallengeMethod?: unknown
  readonly dpopJkt?: unknown
}

/** RFC 7636 section 4.1 */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/**
 * The authorization code grant (RFC 6749 section 4.1.3, RFC 7636, RFC 8707): the code opens the task that the person allowed
 * (contract 5.3). Whether it does is decided in one transaction; here it is only read.
 */
export async function authorizationCode(
  { artefacts, decisions }: InteractiveParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuse(form, ['client_secret'], 'is not accepted here')
  const id = codeId(required(form, 'code'))
  const stored = await artefacts.find<StoredCode>('AuthorizationCode', { id })
  const authorizationId = stored && checkCode(stored, form)
  if (authorizationId === undefined)
    throw new Problem('code.invalid', 'the code is unknown, over, or was not asked for like this')
  const answer = await redeemCode(decisions, {
    ...presented,
    ...assertionOf(form),
    authorizationId,
    codeId: id,
    deferrable: deferringOf(form) !== undefined,
    details: wantedOf(form).details,
    thumbprint: typeof stored?.dpopJkt === 'string' ? stored.dpopJkt : undefined,
  })
  return interactiveAnswer(answer)
}

/**
 * Everything that a code is bound to. Answers the request that it is for.
 * INVARIANT: a code without a challenge is worth nothing; there is no grant without PKCE, and no method but S256.
 */
function checkCode(stored: StoredCode, form: Form): string | undefined {
  // RFC 7636 section 4.6: without one it is the wrong one.
  const verifier = form.get('code_verifier') ?? ''
  const bound =
    stored.clientId === clientIdOf(form) &&
    stored.redirectUri === required(form, 'redirect_uri') &&
    stored.resource === (form.get('resource') ?? stored.resource) &&
    stored.codeChallengeMethod === 'S256' &&
    VERIFIER.test(verifier) &&
    stored.codeChallenge === sha256url(verifier)
  return bound && typeof stored.grantId === 'string' ? stored.grantId : undefined
}

/** The refresh token grant (RFC 6749 section 6) of tasks that a code opened. */
export async function refreshToken(
  { decisions }: InteractiveParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuse(form, ['client_secret'], 'is not accepted here')
  return interactiveAnswer(
    await refreshTokens(decisions, {
      ...presented,
      ...assertionOf(form),
      clientId: clientIdOf(form),
      refreshToken: required(form, 'refresh_token'),
      resource: form.get('resource'),
      ...wantedOf(form),
    }),
  )
}

/** Of a client that authenticates (RFC 7523 section 2.2). Which does, it said where it described itself. */
function assertionOf(form: Form) {
  return {
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
  }
}

function interactiveAnswer(answer: InteractiveTokens | Refused): TokenAnswer {
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
  }
}
