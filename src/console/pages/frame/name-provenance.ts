import type { vouchedBy } from '../../../identity/agents/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import { clientHost } from '../../../platform/lib/client-url.ts'
import { type Html, html } from './html.ts'
import { badge } from './pieces.ts'
import { show } from './show.ts'

/** Party that stands for what an agent is called. */
export interface NameProvenance {
  readonly by: ReturnType<typeof vouchedBy>
  /** The trusted issuer that does. */
  readonly issuer: string | null
  /** Address of its metadata document. */
  readonly clientUrl: string | null
}

/** Stands beside the name: whether anybody but itself says that it is called so. */
export function provenanceBadge({ by }: Pick<NameProvenance, 'by'>): Html {
  switch (by) {
    case 'administrator':
      return badge('registered by an administrator')
    case 'issuer':
      return badge('named by who vouches for it')
    case 'address':
      return badge('name not verified', 'warn')
    case 'nobody':
      return badge('self-registered, name not verified', 'warn')
  }
}

/** Facts about the agent that are not its own word. */
export function provenanceFacts({
  by,
  clientUrl,
  issuer,
}: NameProvenance): readonly (readonly [string, Html | false])[] {
  return [
    ['Vouched for by', by === 'issuer' && issuer !== null && html`the issuer ${show(issuer)}`],
    [
      'It is from',
      clientUrl !== null &&
        html`<strong>${clientHost(clientUrl)}</strong> <code class="soft">${clientUrl}</code>`,
    ],
  ]
}

/**
 * Agents of other organizations that acted before, each with whose it is: a name alone could be anybody's. The latest first.
 * INVARIANT: they never stand among agents of Remit, so that none of them looks like one.
 */
export function behind(actors: readonly ForeignActor[]): Html {
  return html`<ul class="lines">${actors.map(
    ({ iss, sub }) => html`<li>${show(sub)} <span class="soft">of ${show(iss)}</span></li>`,
  )}</ul><span class="small soft">By the word of their organization. Not verified here.</span>`
}
