import type { OpeningAnswer } from '../../grants/grants/index.ts'
import type { GrantRefusal, IssuedToken } from '../../grants/issuance/index.ts'
import { tokenTypeOf } from '../../identity/possession/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { ACCESS_TOKEN } from './grant-types.ts'

/** A successful answer of the token endpoint (RFC 6749 section 5.1, RFC 8693 section 2.2.1). */
export interface TokenAnswer {
  readonly access_token: string
  readonly issued_token_type: string
  /** `Bearer` of clients that cannot prove possession (contract 4), and of those that do it by a certificate (RFC 8705). */
  readonly token_type: 'DPoP' | 'Bearer'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly scope?: string
  /**
   * Details that were granted, which may be less than the requested ones (RFC 9396 section 7).
   * Where the request has details to hand on, `remit_delegate` members have the granted part
   * of them; the token itself has the details to act on.
   */
  readonly authorization_details: readonly object[]
  readonly task_id: string
  /** Details that were asked for and not granted, and the page on which the person can allow them, where they can. */
  readonly missing_authorization_details?: readonly object[]
  readonly interaction_uri?: string
  readonly interaction_id?: string
}

/** Throws what the answer is, when it is no token. */
export function openingAnswer(answer: OpeningAnswer): TokenAnswer {
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  if (answer.outcome === 'needs_consent') {
    throw new Problem(
      'consent.required',
      'the person has not consented yet; send them to `interaction_uri`, then repeat the exchange',
      {
        members: { interaction_uri: answer.page, interaction_id: answer.consentId },
      },
    )
  }
  if (answer.outcome === 'deferred') {
    const { page } = answer
    const members = {
      deferral_code: answer.code,
      expires_in: answer.expiresIn,
      interval: answer.interval,
    }
    const code = page === undefined ? 'deferral.pending' : 'deferral.person_needed'
    throw new Problem(code, 'the request is pending; poll with the code', {
      members: { ...members, ...(page === undefined ? {} : { interaction_uri: page }) },
    })
  }
  const details = [...answer.details, ...(answer.mayDelegate ?? [])]
  const tokenType = tokenTypeOf(answer.task.keyThumbprint)
  return { ...tokenAnswer({ ...answer, details, tokenType }, answer.task.id), ...restOf(answer) }
}

function restOf({ missing }: Extract<OpeningAnswer, { outcome: 'opened' }>): Partial<TokenAnswer> {
  if (!missing) return {}
  const { details, question } = missing
  return {
    missing_authorization_details: details,
    ...(question ? { interaction_uri: question.page, interaction_id: question.consentId } : {}),
  }
}

export function resourceTokenAnswer(answer: IssuedToken | GrantRefusal): TokenAnswer {
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  const { missing } = answer
  return {
    ...tokenAnswer(answer, answer.taskId),
    ...(missing ? { missing_authorization_details: missing } : {}),
  }
}

function tokenAnswer(
  issued: Pick<IssuedToken, 'token' | 'tokenType' | 'details' | 'scope'>,
  taskId: string,
): TokenAnswer {
  return {
    access_token: issued.token.token,
    issued_token_type: ACCESS_TOKEN,
    token_type: issued.tokenType,
    expires_in: issued.token.expiresIn,
    ...(issued.scope === undefined ? {} : { scope: issued.scope }),
    authorization_details: issued.details,
    task_id: taskId,
  }
}

export function refusalProblem({
  cause,
  detail,
  members: more = {},
  reason,
  stepUp,
}: GrantRefusal): Problem {
  if (!stepUp) return new Problem(reason, detail, { cause, members: more })
  const { acrValues: acr_values, maxAge } = stepUp
  const max_age = maxAge === undefined ? undefined : Number(maxAge)
  const members = { ...more, ...(acr_values ? { acr_values } : {}), ...(maxAge ? { max_age } : {}) }
  return new Problem(reason, detail, { members })
}
