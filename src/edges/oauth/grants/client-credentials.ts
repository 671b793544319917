import { type GrantParts, openTask } from '../../../grants/grants/index.ts'
import { type Form, refuseParameters } from '../form.ts'
import { openingAnswer, type TokenAnswer } from '../token-answer.ts'
import { openingOf, type RequestCredentials, taskOf } from './read.ts'

/**
 * Client credentials (RFC 6749 section 4.4): a task with no person present, under a sponsor grant in force (contract 5.2).
 * `sponsor_grant` names it where the agent has several.
 */
export async function clientCredentials(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuseParameters(
    form,
    ['subject_token', 'assertion'],
    'is not accepted here: no person is present',
  )
  const opening = {
    ...presented,
    ...openingOf(form),
    ...taskOf(form),
    grantId: form.get('sponsor_grant'),
  }
  return openingAnswer(await openTask(parts, 'client_credentials', opening))
}
