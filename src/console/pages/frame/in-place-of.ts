import type { AbsentPerson } from '../../../identity/stand-ins/index.ts'
import { type Viewer, zoneOf } from './document.ts'
import { type Html, html } from './html.ts'
import { show } from './show.ts'
import { clockTime } from './time.ts'

/** Person in whose place the viewer answers. */
export interface AnsweringView {
  readonly now: number
  readonly viewer: Viewer
  readonly standsInFor?: AbsentPerson | undefined
}

/** Line beside buttons that says for whom they answer; none where the viewer answers in their own name. */
export function inPlaceOf({ now, standsInFor, viewer }: AnsweringView): Html | false {
  if (!standsInFor) return false
  const until = clockTime(standsInFor.until, now, zoneOf(viewer))
  return html`<p class="small">You answer for <b>${show(standsInFor.name)}</b>, until ${until}. It counts no longer than that.</p>`
}
