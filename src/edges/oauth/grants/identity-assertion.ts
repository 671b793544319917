import { type GrantParts, openTask } from '../../../grants/grants/index.ts'
import { type Form, refuse, required } from '../form.ts'
import { openingAnswer, type TokenAnswer } from '../token-answer.ts'
import { openingOf, type RequestCredentials, taskOf } from './read.ts'

/**
 * Redeems the identity assertion of another organization (ID-JAG section 4.4) or the grant of another domain (OAuth identity
 * chaining): the client authenticates beside it, and there is no refresh token.
 */
export function redeems(use: 'id_jag' | 'chaining') {
  return async (
    parts: GrantParts,
    presented: RequestCredentials,
    form: Form,
  ): Promise<TokenAnswer> => {
    refuse(form, ['subject_token'], 'is not accepted here: the assertion says for whom')
    const asked = {
      ...presented,
      ...openingOf(form),
      identity: required(form, 'assertion'),
      ...taskOf(form),
    }
    const { assertion, certificate, clientId } = asked
    const provesNothing = use === 'id_jag' && assertion === undefined && certificate === undefined
    const answer =
      provesNothing && clientId !== undefined
        ? await openTask(parts, 'public_assertion', { ...asked, clientId })
        : await openTask(parts, 'assertion', { ...asked, use })
    const opened = openingAnswer(answer)
    const details = answer.outcome === 'opened' ? answer.details : []
    return { ...opened, scope: [...new Set(details.flatMap(({ actions }) => actions))].join(' ') }
  }
}
