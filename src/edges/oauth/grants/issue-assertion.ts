import {
  type GrantParts,
  type IssuedAssertion,
  issueAssertion,
  issueForSubject,
} from '../../../grants/grants/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Form, refuseParameters, required } from '../form.ts'
import { ACCESS_TOKEN, ID_JAG, ID_TOKEN, JWT } from '../grant-types.ts'
import { openingAnswer, refusalProblem } from '../token-answer.ts'
import { type RequestCredentials, refuseAllBut, spaceAndThread, wantedOf } from './read.ts'

/** Answer with a token that is no access token (RFC 8693 section 2.2.1). */
export interface AssertionAnswer {
  readonly access_token: string
  readonly issued_token_type: string
  readonly token_type: 'N_A'
  readonly expires_in: number
  readonly scope?: string
  readonly authorization_details?: readonly object[]
  /** Details that were asked for and that the assertion does not say. */
  readonly missing_authorization_details?: readonly object[]
  /** Task that it opened, if any. */
  readonly task_id?: string
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

/** A task shows its token and proves its key, and gets an assertion for the server that it names. */
export async function assertionFor(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<AssertionAnswer> {
  if (form.get('subject_token_type') === ID_TOKEN) return assertionOf(parts, presented, form)
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
  return assertionAnswer(type, answer)
}

/** An agent brings a token of its person: a task opens, and the assertion is all that comes of it. */
async function assertionOf(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<AssertionAnswer> {
  refuseParameters(
    form,
    ['actor_token', 'actor_token_type', 'budget', 'completion_mode'],
    'means nothing here',
  )
  const type = required(form, 'requested_token_type')
  const answer = await issueForSubject(parts, {
    ...presented,
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    clientId: form.get('client_id'),
    kind: KINDS.get(type) ?? 'id_jag',
    subjectToken: required(form, 'subject_token'),
    subjectTokenType: ID_TOKEN,
    audience: required(form, 'audience'),
    resource: form.get('resource'),
    ...wantedOf(form),
    purpose: required(form, 'purpose'),
    ...spaceAndThread(form),
  })
  if (answer.outcome !== 'issued') {
    openingAnswer(answer)
    throw new Error('an answer without a token that is no refusal')
  }
  return { ...assertionAnswer(type, answer), task_id: answer.taskId }
}

function assertionAnswer(
  type: string,
  { details, missing, scope, token }: IssuedAssertion,
): AssertionAnswer {
  return {
    access_token: token.token,
    issued_token_type: type,
    token_type: 'N_A',
    expires_in: token.expiresIn,
    ...(scope === undefined ? {} : { scope }),
    ...(details === undefined ? {} : { authorization_details: details }),
    ...(missing === undefined ? {} : { missing_authorization_details: missing }),
  }
}
