import type { ForeignActor } from '../../tokens/index.ts'
import { type Html, html } from './html.ts'
import { show } from './show.ts'

/**
 * Agents of other organizations that acted before, each with whose it is: a name alone could be anybody's. The latest first.
 * INVARIANT: they never stand among agents of Remit, so that none of them looks like one.
 */
export function behind(actors: readonly ForeignActor[]): Html {
  return html`<ul class="lines">${actors.map(
    ({ iss, sub }) => html`<li>${show(sub)} <span class="soft">of ${show(iss)}</span></li>`,
  )}</ul><span class="small soft">By the word of their organization. Not verified here.</span>`
}
