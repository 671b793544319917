import { csrfField, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge } from '../frame/pieces.ts'
import { marked, show } from '../frame/show.ts'
import { when } from '../frame/time.ts'

/** An allowance in a list. `text` has been through `visible`. */
export interface AllowanceItem {
  readonly id: string
  readonly text: string
  readonly agent: string
  readonly person: string
  readonly taskId: string | null
  /** True when the viewer may look at the task. */
  readonly insider: boolean
  readonly givers: readonly string[]
  readonly uses: number | null
  readonly usesLeft: number | null
  readonly expiresAt: number
  readonly lastUsedAt: number | null
  /** The action is another one by now, so it means no call any more. */
  readonly overtaken: boolean
}

export function allowanceList(
  items: readonly AllowanceItem[],
  { now, viewer }: { readonly now: number; readonly viewer: Viewer },
): Html {
  return html`<ul class="list">${items.map((item) => {
    const { expiresAt, givers, id, insider, lastUsedAt, taskId } = item
    const where =
      taskId === null
        ? 'in every task'
        : html`in ${insider ? html`<a href="/tasks/${taskId}">one task</a>` : 'one task'}`
    const used = lastUsedAt === null ? 'not used yet' : html`last used ${when(lastUsedAt, now)}`
    return html`<li class="item plain"><p class="what">${marked(item.text)}</p>
<p class="meta">${item.overtaken ? badge('Does not count: the action has changed', 'warn') : badge(left(item), 'calm')}<span>${show(item.agent)} for ${show(item.person)}, ${where}</span><span>ends ${when(expiresAt, now)}</span><span>${used}</span><span>given by ${givers.map((name, i) => html`${i > 0 && ' and '}${show(name)}`)}</span></p>
<form class="inline" method="post" action="/allowances/${id}/end">${csrfField(viewer)}<button class="danger">End it</button></form></li>`
  })}</ul>`
}

function left({ uses, usesLeft }: Pick<AllowanceItem, 'uses' | 'usesLeft'>): string {
  return uses === null || usesLeft === null ? 'As often as it wants' : `${usesLeft} of ${uses} left`
}
