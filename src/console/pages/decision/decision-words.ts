import { actionInWords, capital } from '../frame/action-words.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, table } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { when } from '../frame/time.ts'

/** A decision in a list. */
export interface DecisionItem {
  readonly id: string
  readonly at: number
  readonly agent: string | null
  readonly action: string | null
  readonly outcome: 'permit' | 'deny' | 'requestable' | 'challenged'
  /** Stable code of why not. */
  readonly reason: string
  readonly state: 'decided' | 'sending' | 'answered' | 'failed' | 'not_sent' | 'indeterminate'
  /** HTTP status that the API answered. */
  readonly status: number | null
}

/** Says in one or two words what came of the call. */
export function outcomeBadge(item: Pick<DecisionItem, 'outcome' | 'state' | 'status'>): Html {
  if (item.outcome === 'challenged') return badge('Asked for a fresh proof', 'calm')
  if (item.outcome === 'deny') return badge('Refused', 'bad')
  if (item.outcome === 'requestable') return badge('Asked a person', 'warn')
  switch (item.state) {
    case 'answered':
      return item.status !== null && item.status >= 400
        ? badge(`Permitted, API said ${item.status}`, 'warn')
        : badge('Done', 'good')
    case 'failed':
      return badge('Permitted, API failed', 'warn')
    case 'not_sent':
      return badge('Permitted, not sent', 'calm')
    case 'indeterminate':
      return badge('Permitted, outcome unknown', 'warn')
    default:
      return badge('Permitted', 'good')
  }
}

export function actionName(action: string | null): Html {
  if (action === null) return html`<span class="soft">nothing known</span>`
  const [kind, token = '', grant = ''] = action.split(':')
  if (kind === 'issue')
    return html`<span title="${action}">${show(`Issue ${token} by ${grant}`.replaceAll('_', ' '))}</span>`
  return html`<span title="${action}">${show(capital(actionInWords(action)))}</span>`
}

export function decisionTable(caption: string, items: readonly DecisionItem[], now: number): Html {
  return table(
    caption,
    ['What', 'Agent', 'Outcome', 'When'],
    items.map((item) => [
      html`<a href="/decisions/${item.id}">${actionName(item.action)}</a>`,
      item.agent === null ? '–' : show(item.agent),
      outcomeBadge(item),
      when(item.at, now),
    ]),
  )
}
