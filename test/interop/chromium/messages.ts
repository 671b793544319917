import { announcersOf } from '../../../src/calls/calls/index.ts'
import { slackMessage } from '../../../src/extensions/slack/blocks.ts'
import { channelQuestion } from '../../../src/extensions/slack/channel-question.ts'
import { teamsTemplate } from '../../../src/extensions/webhook-channels/teams-template.ts'
import { ntfyTemplate } from '../../../src/extensions/webhook-channels/templates.ts'
import { composeEmail } from '../../../src/identity/notifications/compose-email.ts'
import type { Place } from './place.ts'

/** Elements of Slack's blocks and of adaptive cards, as far as messages of ours have them. */
interface Element {
  readonly type: string
  readonly text?: string | Element
  readonly title?: string
  readonly label?: Element
  readonly style?: string
  readonly separator?: boolean
  readonly weight?: string
  readonly elements?: readonly Element[]
  readonly items?: readonly Element[]
  readonly inlines?: readonly Element[]
}

/**
 * Messages about two requests, as readers see them, in HTML: the e-mail is the one that is sent; Slack, Teams and ntfy draw theirs
 * by themselves, so what is sent to them is drawn here, which each drawing says.
 */
export async function messagesOf(
  { issuer, w }: Place,
  { high, medium }: { readonly high: string; readonly medium: string },
): Promise<Readonly<Record<string, string>>> {
  const { decisions } = w.rooms
  const notification = async (id: string) => {
    const announcement = await announcersOf(decisions).request(id)
    if (!announcement) throw new Error('it waits')
    const sentAt = w.clock.now()
    return { id: 'dlv_1', announcements: [announcement], more: 0, sentAt }
  }
  const [about, small] = [await notification(high), await notification(medium)]
  const { id: reader } = await w.person('fiona')
  const question = await channelQuestion(decisions, medium, reader)
  if (!question) throw new Error('it can be answered in Slack')
  const mail = composeEmail(issuer, about)
  const teams = teamsTemplate(issuer, about, '').body as unknown as Card // as: what the template writes
  const ntfy = ntfyTemplate(issuer, about, 'https://ntfy.sh/topic').body as Record<string, string> // as: likewise
  return {
    'e-mail-one': mail.html,
    'e-mail-text': `<!doctype html><meta name="viewport" content="width=device-width"><pre style="font:13px/1.5 monospace;white-space:pre-wrap;padding:12px">${escaped(`Subject: ${mail.subject}\n\n${mail.text}`)}</pre>`,
    slack: drawing('Slack', blocks(slackMessage(issuer, about).blocks as readonly Element[])), // as: they are of these
    'slack-buttons': drawing(
      'Slack, with buttons that answer',
      blocks(
        slackMessage(issuer, small, () => ({ question, approve: '', deny: '' }))
          .blocks as readonly Element[], // as: likewise
      ),
    ),
    teams: drawing(
      'Microsoft Teams',
      blocks([...teams.attachments[0].content.body, ...teams.attachments[0].content.actions]),
    ),
    ntfy: drawing(
      'ntfy',
      `<p><b>${escaped(ntfy.title ?? '')}</b></p><p>${escaped(ntfy.message ?? '')}</p><p class="soft">A tap opens ${escaped(ntfy.click ?? '')}</p>`,
    ),
  }
}

interface Card {
  readonly attachments: readonly [
    {
      readonly content: { readonly body: readonly Element[]; readonly actions: readonly Element[] }
    },
  ]
}

function drawing(where: string, inside: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:15px/1.45 system-ui,sans-serif;margin:0;padding:12px;background:#f5f5f3;color:#16231f}
figure{margin:0;max-width:520px}.card{background:#fff;border:1px solid #ddd;border-radius:8px;padding:12px 14px}
p{margin:0 0 8px;white-space:pre-wrap;overflow-wrap:anywhere}hr{border:0;border-top:1px solid #ddd;margin:8px 0}
.button{display:inline-block;border:1px solid #999;border-radius:6px;padding:6px 12px;margin:0 6px 6px 0;font-weight:bold}
.primary{background:#0b5d4b;border-color:#0b5d4b;color:#fff}.danger{color:#9b1c1c;border-color:#9b1c1c}
.field{border:1px solid #bbb;border-radius:6px;padding:6px 8px;color:#777}figcaption,.soft{color:#5a6662;font-size:13px}figcaption{margin:0 0 8px}
</style><figure><figcaption>${where}: a drawing of the message that Remit sends, no picture of the app</figcaption><div class="card">${inside}</div></figure></html>`
}

function blocks(elements: readonly Element[]): string {
  return elements.map(element).join('')
}

function element(each: Element): string {
  const {
    elements = [],
    inlines = [],
    items = [],
    label,
    separator,
    style = '',
    text,
    title,
    weight,
  } = each
  const bold = (inside: string) => (weight === 'bolder' ? `<b>${inside}</b>` : inside)
  switch (each.type) {
    case 'divider':
      return '<hr>'
    case 'input':
      return `<p>${words(label)}</p><p class="field">…</p>`
    case 'actions':
      return blocks(elements)
    case 'button':
      return `<span class="button ${style}">${words(text)}</span>`
    case 'Action.OpenUrl':
      return `<span class="button">${escaped(title ?? '')}</span>`
    case 'Container':
      return `${separator ? '<hr>' : ''}${blocks(items)}`
    case 'RichTextBlock':
      return `<p>${inlines.map(element).join('')}</p>`
    case 'TextRun':
      return bold(words(text))
    default:
      return `<p>${words(text)}</p>`
  }
}

/** Plain text, or the name of a link in mrkdwn. */
function words(text: string | Element | undefined): string {
  if (typeof text !== 'object') return escaped(text ?? '')
  const plain = String(text.text ?? '')
  const link = /^<[^|>]*\|([^>]*)>$/.exec(plain)?.[1]
  // Slack's texts are escaped already.
  return link === undefined ? plain.replaceAll('"', '&quot;') : `<u>${link}</u>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
