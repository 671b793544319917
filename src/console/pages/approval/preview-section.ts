import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import { readFrozen } from '../../../approvals/access-requests/index.ts'
import type { Action, CatalogView } from '../../../catalog/catalog/index.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { ExactNumber, type Json } from '../../../platform/lib/json.ts'
import {
  type ComparedMember,
  compareMembers,
  type PreviewAnswer,
} from '../../../tasks/approval-desk/index.ts'
import { type Html, html } from '../frame/html.ts'
import { isDeceptive, show } from '../frame/show.ts'
import { showValue } from './shown-call.ts'

/** Preview that an approver can look at. */
export interface OfferedPreview {
  readonly shows: 'now' | 'result'
  readonly title: string
  /** Answer; `undefined`: it was not fetched on this page. */
  readonly answer: PreviewAnswer | undefined
  /** Method by which what is sent changes what the preview shows. */
  readonly method: 'PATCH' | 'PUT' | undefined
  readonly sent: Json | undefined
}

export function offeredPreview(
  catalog: CatalogView,
  request: Pick<AccessRequest, 'action' | 'call' | 'resource'>,
  answer: PreviewAnswer | undefined,
): OfferedPreview | undefined {
  const action = catalog.actions.get(request.action)
  const read = catalog.actions.get(action?.preview?.action ?? '')
  const resource = catalog.resources.get(request.resource)
  if (!action?.preview || !read || resource?.mode !== 'gateway') return undefined
  const { body } = readFrozen(request.call)
  return {
    shows: action.preview.shows ?? 'now',
    title: resource.title,
    answer,
    method: action.preview.shows || read.path !== action.path ? undefined : changing(action),
    sent: body.kind === 'json' ? (body.value as Json) : undefined, // as: `readFrozen` parsed it
  }
}

function changing({ method }: Pick<Action, 'method'>): OfferedPreview['method'] {
  return method === 'PATCH' || method === 'PUT' ? method : undefined
}

const WORDS = {
  now: { heading: 'What is there now', button: 'See what is there now' },
  result: { heading: 'What it would lead to', button: 'See what it would lead to' },
} as const

/** INVARIANT: a button, never a link: what fetches from an API comes from a form of this very session. */
export function previewButton({ answer, shows }: OfferedPreview, id: string): Html {
  const again = answer ? 'Look again' : WORDS[shows].button
  return html`<div class="actions"><button formaction="/approvals/${id}/preview">${again}</button></div>`
}

/** Section of the page once it was asked for. */
export function previewSection(offered: OfferedPreview, id: string): Html {
  const { answer, method, sent, shows, title } = offered
  if (!answer) return html``
  const heading = method ? 'What will change' : WORDS[shows].heading
  return html`<section class="card" aria-labelledby="preview"><h2 id="preview">${heading}</h2>${
    answer.state === 'unfetched'
      ? html`<p>It could not be fetched: ${show(answer.why)}. You can answer without it.</p>`
      : html`${rowsOf(answer.value, sent, method)}<p class="soft small">Words of ${show(title)}, read just now; it can be different when the call is made. You do not approve any of it.</p>`
  }${previewButton(offered, id)}</section>`
}

function rowsOf(now: Json, sent: Json | undefined, method: OfferedPreview['method']): Html {
  const { absent, changed, more, same } = compareMembers(now, sent, method)
  const rest = method ? 'unchanged' : 'parts'
  return html`${rows(changed, true)}${method && changed.length === 0 && html`<p>Nothing of it changes.</p>`}${
    method
      ? html`${folded(absent, 'not in what is sent; the API decides')}${folded(same, rest)}`
      : rows(same, false)
  }${more > 0 && html`<p class="soft">… and ${more} more.</p>`}`
}

function folded(members: readonly ComparedMember[], says: string): Html | false {
  return (
    members.length > 0 &&
    html`<details class="rest"><summary>${members.length} ${says}</summary>${rows(members, false)}</details>`
  )
}

function rows(members: readonly ComparedMember[], compared: boolean): Html {
  return html`<dl class="facts">${members.map(
    ({ from, path, to }) =>
      html`<div><dt>${path.length === 0 ? 'answer' : show(path.join(' › '))}</dt><dd>${written(from)}${compared && html` <span class="soft">becomes</span> ${written(to)}`}</dd></div>`,
  )}</dl>`
}

const MAX_VALUE = 4_096
/** Longer lists and objects are closed, so that the answer stays near; those that deceive never are. */
const MAX_OPEN = 240

function written(value: Json | undefined): Html {
  if (value === undefined) return html`<span class="soft">nothing</span>`
  if (value === null || typeof value === 'boolean') return html`<code>${String(value)}</code>`
  if (typeof value === 'string') return showValue({ text: value }, MAX_VALUE)
  if (value instanceof ExactNumber) return showValue({ text: value.text }, MAX_VALUE)
  const json = canonicalJson(value)
  if (json.length <= MAX_OPEN || isDeceptive(json)) return showValue({ json }, MAX_VALUE)
  const says = Array.isArray(value) ? `A list of ${value.length}` : 'An object'
  return html`<details class="rest"><summary>${says}</summary>${showValue({ json }, MAX_VALUE)}</details>`
}
