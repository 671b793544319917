import type { differences, Offer } from '../../catalog/catalog-changes/index.ts'
import { csrfField, documentOf, type Viewer } from './frame/document.ts'
import { type Html, html } from './frame/html.ts'
import { badge, empty, facts, notice } from './frame/pieces.ts'
import { show, showLines } from './frame/show.ts'
import { when } from './frame/time.ts'
import { type RequiredSignIn, signInFirstNotice } from './sign-in/required-sign-in.ts'

export interface OfferedItem {
  readonly offer: Offer
  readonly reviewedAt: number | undefined
  readonly differences: ReturnType<typeof differences>
}

export interface DefinitionsView {
  readonly now: number
  readonly viewer: Viewer
  readonly items: readonly OfferedItem[]
  readonly mistake: string | undefined
  /** Sign-in that is needed before a yes. */
  readonly first: RequiredSignIn | undefined
}

/** Beyond that a page would not be read; the command line has them all. */
const MAX_ITEMS = 50

export function definitionsPage(view: DefinitionsView): string {
  const { first, items, mistake } = view
  const more = items.length - MAX_ITEMS
  const body = html`<div class="head"><h1>Changed definitions</h1>
<p class="soft">These definitions changed, and are not accepted yet. Calls of a changed operation are refused until they are. The words below are those of the API or MCP server.</p></div>
${mistake !== undefined && notice('bad', 'Nothing was changed', html`<p>${show(mistake)}</p>`)}
${first && items.length > 0 && signInFirstNotice(first)}
${items.length === 0 && empty('Everything is as it was reviewed', 'When an import or a server brings another definition, it is shown here, field by field.')}
${items.slice(0, MAX_ITEMS).map((item) => card(item, view))}
${more > 0 && html`<p class="soft">And ${more} more: <code>remit resources review NAME</code></p>`}`
  return documentOf({ title: 'Changed definitions', body, viewer: view.viewer })
}

function card({ differences, offer, reviewedAt }: OfferedItem, view: DefinitionsView): Html {
  const { action, kind, source, state, unreadable } = offer
  return html`<section class="card"><h2><code>${show(action)}</code></h2>
<p class="meta">${kind === 'changed' ? badge('Quarantined', 'bad') : badge('New', 'warn')}${state === 'rejected' && html` ${badge('Rejected')}`}</p>
${facts([
  [
    'Offered',
    html`${when(offer.offeredAt, view.now)} ${source === 'server' ? 'by the server itself' : 'by an import'}`,
  ],
  ['Reviewed', reviewedAt !== undefined && when(reviewedAt, view.now)],
  ['Cannot be used', unreadable !== undefined && show(unreadable)],
  ['Says', kind === 'added' && offer.offered !== undefined && show(offer.offered.sentence)],
])}
${kind === 'changed' && unreadable === undefined && differences.length === 0 && html`<p>It says again what was reviewed.</p>`}
${differences.map(difference)}
${answers(offer, view)}</section>`
}

function difference({ after, before, field }: ReturnType<typeof differences>[number]): Html {
  return html`<h3><code>${show(field)}</code></h3>${facts([
    ['Reviewed', before !== undefined && html`<del>${showLines(before)}</del>`],
    ['Offered', after !== undefined && html`<ins>${showLines(after)}</ins>`],
  ])}`
}

function answers(
  { action, digest, resource, state, unreadable }: Offer,
  { first, viewer }: DefinitionsView,
): Html {
  const hidden = [
    ['resource', resource],
    ['action', action],
    ['digest', digest],
  ].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  return html`<form method="post" action="/definitions/answer">${csrfField(viewer)}${hidden}<div class="actions">
${unreadable === undefined && !first && html`<button name="answer" value="accept" class="primary">Accept exactly this</button>`}
${state === 'waiting' && html`<button name="answer" value="reject">Keep it out</button>`}</div></form>`
}
