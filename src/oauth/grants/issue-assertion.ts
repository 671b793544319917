import { type DecisionParts, issueAssertion } from '../../decisions/index.ts'
import { Problem } from '../../lib/problem.ts'
import { type Form, required } from '../form.ts'
import { ACCESS_TOKEN, ID_JAG, JWT } from '../grant-types.ts'
import { refusalProblem } from '../token-answer.ts'
import { type Presented, refuseAllBut, wantedOf } from './read.ts'

/** RFC 8693 section 2.2.1, for what is no access token. */
export interface AssertionAnswer {
  readonly access_token: string
  readonly issued_token_type: string
  readonly token_type: 'N_A'
  readonly expires_in: number
  readonly scope?: string
  readonly authorization_details?: readonly object[]
}

const KINDS: ReadonlyMap<string, 'id_jag' | 'jwt'> = new Map([
  [ID_JAG, 'id_jag'],
  [JWT, 'jwt'],
])
const KNOWN = [
  'grant_type',
  'requested_token_type',
  'client_id',
  'subject_token',
  'subject_token_type',
  'audience',
  'resource',
  'scope',
  'authorization_details',
]

/** Whether a token exchange is for something that the server of another domain takes. */
export function wantsAssertion(form: Form): boolean {
  return KINDS.has(form.get('requested_token_type') ?? '')
}

/** A task shows its token and proves its key, and gets an assertion for the server that it names. */
export async function assertionFor(
  parts: DecisionParts,
  presented: Presented,
  form: Form,
): Promise<AssertionAnswer> {
  refuseAllBut(form, KNOWN, 'means nothing here')
  if (required(form, 'subject_token_type') !== ACCESS_TOKEN)
    throw new Problem('oauth.invalid_request', 'a task token is an access token')
  const type = required(form, 'requested_token_type')
  const answer = await issueAssertion(parts, {
    ...presented,
    kind: KINDS.get(type) ?? 'id_jag',
    clientId: required(form, 'client_id'),
    token: required(form, 'subject_token'),
    audience: required(form, 'audience'),
    resource: form.get('resource'),
    ...wantedOf(form),
  })
  if (answer.outcome === 'refused') throw refusalProblem(answer)
  const { details, scope, token } = answer
  return {
    access_token: token.token,
    issued_token_type: type,
    token_type: 'N_A',
    expires_in: token.expiresIn,
    ...(scope === undefined ? {} : { scope }),
    ...(details === undefined ? {} : { authorization_details: details }),
  }
}
