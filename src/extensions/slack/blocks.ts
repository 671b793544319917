import {
  type Announcement,
  type ChannelQuestion,
  factValue,
  linkOf,
  type Notification,
  notificationTitle,
  shownSentence,
  unlinkedLine,
} from '../../identity/notifications/index.ts'
import { cut } from '../../platform/lib/text/visible.ts'
import { BUTTONS, REASON } from './button.ts'

/** Characters of a text object, at most (Block Kit). */
const MAX_TEXT = 3_000

/**
 * Message in Block Kit. INVARIANT: values that an agent chose stand in `plain_text` objects, in
 * which Slack formats nothing, links nothing and mentions no one.
 */
export function slackMessage(
  issuer: string,
  message: Notification,
  buttonsFor: (announcement: Announcement) => QuestionButtons | undefined = () => undefined,
) {
  const { announcements, more } = message
  const [only, ...others] = announcements
  const buttons = only && others.length === 0 && more === 0 ? buttonsFor(only) : undefined
  if (buttons && fits(buttons.question)) return questionMessage(linkOf(issuer, message), buttons)
  return {
    ...slackText(notificationTitle(message)),
    blocks: [
      plainSection(notificationTitle(message)),
      ...announcements.flatMap((each) => {
        const answers = others.length > 0 ? buttonsFor(each) : undefined
        return answers && fits(answers.question)
          ? questionBlocks(`${issuer}${each.path}`, answers)
          : tellingBlocks(each)
      }),
      ...(message.more > 0 ? [plainSection(`and ${message.more} more`)] : []),
      {
        type: 'section' as const,
        text: {
          type: 'mrkdwn' as const,
          text: `<${linkOf(issuer, message)}|Look at it and answer>`,
        },
      },
    ],
  }
}

function tellingBlocks({ facts, sentence }: Announcement) {
  return [
    { type: 'divider' as const },
    plainSection(shownSentence(sentence)),
    ...(facts.length > 0
      ? [plainSection(facts.map((fact) => `${fact.name}: ${factValue(fact)}`).join('\n'))]
      : []),
  ]
}

/** One question among several, with buttons of its own: at most four blocks, since a message has at most 50. */
function questionBlocks(link: string, buttons: QuestionButtons) {
  const { facts, sentence, title } = buttons.question
  return [
    { type: 'divider' as const },
    plainSection(`${title}\n${sentence}`),
    plainSection(listed(facts)),
    answerRow(link, buttons),
  ]
}

function answerRow(link: string, { approve, deny }: QuestionButtons) {
  return {
    type: 'actions' as const,
    elements: [
      { ...button('approve', 'Approve once'), style: 'primary' as const, value: approve },
      { ...button('deny', 'Deny'), style: 'danger' as const, value: deny },
      { ...button('open', 'Open'), url: link },
    ],
  }
}

/** A question, and the values of the buttons that answer it. */
export interface QuestionButtons {
  readonly question: ChannelQuestion
  readonly approve: string
  readonly deny: string
}

/** INVARIANT: nothing of what buttons answer is cut, or shown in another way than it is. */
function fits({ facts, sentence, title }: ChannelQuestion): boolean {
  const values = [sentence, ...facts.flatMap(({ name, value }) => [name, value])]
  return (
    values.every((value) => unlinkedLine(value) === value) &&
    [`${title}\n${sentence}`, listed(facts)].every((text) => escaped(text).length <= MAX_TEXT)
  )
}

function listed(facts: ChannelQuestion['facts']): string {
  return facts.map(({ name, value }) => `${name}: ${value}`).join('\n')
}

function questionMessage(link: string, buttons: QuestionButtons) {
  const { question } = buttons
  return {
    ...slackText(question.title),
    blocks: [
      plainSection(question.title),
      { type: 'divider' as const },
      plainSection(question.sentence),
      plainSection(listed(question.facts)),
      {
        type: 'input' as const,
        block_id: REASON,
        optional: true,
        label: plainText('Reason'),
        hint: plainText('The agent is told when you deny'),
        element: {
          type: 'plain_text_input' as const,
          action_id: REASON,
          max_length: MAX_REASON_TYPED,
        },
      },
      answerRow(link, buttons),
    ],
  }
}

/** Characters of a reason (`MAX_REASON` of approvals). */
const MAX_REASON_TYPED = 500

function button(name: keyof typeof BUTTONS, label: string) {
  return { type: 'button' as const, action_id: BUTTONS[name], text: plainText(label) }
}

export function slackOutcome(outcome: string) {
  return { ...slackText(outcome), blocks: [plainSection(outcome)] }
}

/** Text of the notification on a screen: Remit's own words. */
function slackText(text: string) {
  return { text, mrkdwn: false, unfurl_links: false, unfurl_media: false }
}

function plainSection(value: string) {
  return { type: 'section' as const, text: plainText(cut(escaped(value), MAX_TEXT)) }
}

function plainText(text: string) {
  return { type: 'plain_text' as const, text, emoji: false }
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
