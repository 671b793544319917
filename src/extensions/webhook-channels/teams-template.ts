import { linkOf, notificationTitle, shownSentence } from '../../identity/notifications/index.ts'
import { announcedFacts, moreOf, type WebhookTemplate } from './templates.ts'

/**
 * Adaptive card for a webhook of Microsoft Teams (Workflows). Text of a `TextRun` is plain, that of
 * a `TextBlock` is Markdown.
 */
export const teamsTemplate: WebhookTemplate = (issuer, message, url) => ({
  url,
  body: {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.2',
          body: [
            plainBlock([notificationTitle(message)]),
            ...message.announcements.map((each) => ({
              type: 'Container',
              separator: true,
              items: [
                plainBlock([shownSentence(each.sentence)], true),
                ...announcedFacts(each).map(([name, value]) => plainBlock([`${name}: `, value])),
              ],
            })),
            ...moreOf(message).map((text) => plainBlock([text])),
          ],
          actions: [
            {
              ...{ type: 'Action.OpenUrl', title: 'Look at it and answer' },
              url: linkOf(issuer, message),
            },
          ],
        },
      },
    ],
  },
})

function plainBlock(texts: readonly string[], strong = false) {
  return {
    type: 'RichTextBlock',
    inlines: texts.map((text) => ({
      type: 'TextRun',
      // Cards put dates in place of `{{DATE(…)}}`.
      text: text.replaceAll(/([{$])(?=\{)/g, '$1 '),
      ...(strong ? { weight: 'bolder' } : {}),
    })),
  }
}
