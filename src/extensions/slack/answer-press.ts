import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, listAnswers } from '../../approvals/approvals/index.ts'
import type { CallParts } from '../../calls/calls/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { consumeOnce } from '../../platform/storage/index.ts'
import { channelQuestion } from './channel-question.ts'
import type { SlackPress } from './press.ts'
import type { SlackApp } from './slack-app.ts'

/** Parts that answers in Slack work with. */
export type SlackAnswerParts = CallParts & { readonly slack: SlackApp }

const OVER = 'This button is over, or was not meant for you. Open the page to see what waits.'
const PAGE = 'This has to be answered on its page. Press Open.'

/**
 * Takes the answer of a person who pressed a button: the same act as on the page, of the person to whom the account is linked. Answers
 * what to tell them; `undefined`: nothing, the message is rewritten to the outcome. Never throws a refusal.
 */
export async function answerInSlack(
  parts: SlackAnswerParts,
  press: SlackPress,
): Promise<string | undefined> {
  const { clock, slack, storage } = parts
  const pressed = await slack.findPressed(storage.read, press)
  const request = pressed && (await findRequest(parts, pressed.requestId))
  const person = pressed && (await findPerson(storage.read, pressed.personId))
  if (!pressed || !request || !person) return OVER
  if (request.state !== 'pending')
    return press.repeated ? undefined : await endedInWords(parts, request)
  // INVARIANT: no sign-in stands behind a press, so the provider has to know the person of late.
  if (await parts.facts.isOutOfDate(person, clock.now()))
    return 'You have not signed in for long. Press Open, and sign in once.'
  const question = await channelQuestion(parts, request.id, person.id)
  if (!question) return PAGE
  if (!slack.isAsShown(press, pressed, question))
    return 'Something changed since this message was sent. Press Open.'
  try {
    await answerRequest(
      parts,
      {
        ...{ requestId: request.id, person, answer: press.answer, reason: press.reason },
        ...{ shown: question.shown, authTime: person.lastSeenAt, channel: 'slack' },
      },
      (answer) =>
        storage.transaction(async (tx) => {
          // INVARIANT, second look: linked until the answer is stored; one answer for each message.
          const still = await slack.findPressed(tx, press)
          if (!still) throw new Problem('approval.not_an_approver', 'the account is linked no more')
          if (!(await consumeOnce(tx, 'Slack button', pressed.deliveryId, request.expiresAt)))
            throw new Problem('approval.already_answered', 'this button was pressed already')
          const answered = await answer(tx)
          await slack.rewriteSoon(tx, request.id, clock.now())
          return answered
        }),
    )
    return undefined
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error
    const after = await findRequest(parts, request.id)
    if (after && after.state !== 'pending')
      return press.repeated ? undefined : endedInWords(parts, after)
    return error.code === 'step_up.required' || error.code.startsWith('passkey.')
      ? PAGE
      : `Not answered: ${error.detail}.`
  }
}

async function endedInWords(
  parts: SlackAnswerParts,
  { id, state }: AccessRequest,
): Promise<string> {
  const last = (await listAnswers(parts, id)).at(-1)
  if (state === 'expired') return 'This has ended: no one answered in time, so it was denied.'
  if (state === 'cancelled' || !last) return 'This has ended: it is not needed any more.'
  const person = await findPerson(parts.storage.read, last.personId)
  const by = visible(person?.name ?? last.personId)
  return `Answered already by ${by}: ${state === 'approved' ? 'approved' : 'denied'}.`
}

/** Remembers the signature of a delivery. False: it was delivered before. */
export function isFirstDelivery(
  { storage }: Pick<CallParts, 'storage'>,
  signature: string,
  until: number,
): Promise<boolean> {
  return storage.transaction((tx) => consumeOnce(tx, 'Slack signature', signature, until))
}
