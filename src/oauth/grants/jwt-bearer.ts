import { type DecisionParts, openChild } from '../../decisions/index.ts'
import { type Form, required } from '../form.ts'
import { openingAnswer, type TokenAnswer } from '../token-answer.ts'
import { openingOf, type Presented, refuse } from './read.ts'

/** What the ticket says, and nobody can say again. */
const OF_THE_TICKET = [
  'authorization_details',
  'scope',
  'purpose',
  'requested_lifetime',
  'budget',
  'subject_token',
]

/** The JWT bearer grant (RFC 7523 section 2.1): a ticket of a parent task opens its child (contract 5.4). */
export async function jwtBearer(
  parts: DecisionParts,
  presented: Presented,
  form: Form,
): Promise<TokenAnswer> {
  refuse(form, OF_THE_TICKET, 'is what the ticket says')
  const ticket = required(form, 'assertion')
  return openingAnswer(await openChild(parts, { ...presented, ...openingOf(form), ticket }))
}
