import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'

/** A channel as its person sees it. */
export interface ChannelItem {
  readonly name: string
  readonly title: string
  /** Address, as people know it; `undefined`: the person has none. */
  readonly address: string | undefined
  readonly muted: boolean
}

export interface NotificationView {
  readonly viewer: Viewer
  readonly channels: readonly ChannelItem[]
  /** Outcome of what was just done. */
  readonly done?: string | undefined
  readonly mistake?: string | undefined
}

/** The page on which a person chooses how they are told. */
export function notificationPage({ channels, done, mistake, viewer }: NotificationView): string {
  const body = html`<div class="head"><p class="eyebrow">Notifications</p><h1>How you are told</h1></div>
${mistake !== undefined && notice('bad', 'That did not work', html`<p>${show(mistake)}</p>`)}
${done !== undefined && notice('good', done)}
<p>You are told when a call waits for your approval, when an agent asks to act for you, and of calls that a policy reports to you. A message leads to a page; nothing is decided by opening it.</p>
${channels.length === 0 ? empty('This server sends no messages', 'An administrator sets a mail server with REMIT_SMTP_URL. What waits for you is on your home page in any case.') : html`<ul class="list">${channels.map((channel) => item(channel, viewer))}</ul>`}`
  return documentOf({ title: 'Notifications', body, viewer })
}

function item({ address, muted, name, title }: ChannelItem, viewer: Viewer): Html {
  if (address === undefined)
    return html`<li class="item"><p class="what">${title}</p><p class="meta">Your identity provider tells no address of yours.</p></li>`
  const button = (act: string, label: string, look = '') =>
    html`<form method="post" action="/notifications/${name}/${act}">${csrfField(viewer)}<button${look && html` class="${look}"`}>${label}</button></form>`
  return html`<li class="item"><p class="what">${title} <span class="soft">${show(address)}</span></p>
<p class="meta">${muted ? badge('Off') : badge('On', 'good')}</p>
<div class="actions">${muted ? button('unmute', 'Turn on', 'primary') : html`${button('test', 'Send a test message')}${button('mute', 'Turn off')}`}</div></li>`
}
