import type { ListedChannel, quietHoursOf } from '../../../identity/notifications/index.ts'
import { PUSH_WORKER } from '../frame/assets.ts'
import { csrfField, documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty, notice } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'

type QuietHours = ReturnType<Awaited<ReturnType<typeof quietHoursOf>>['get']> & {}

export interface ChannelItem extends ListedChannel {
  /** Name of the group whose channel it is. */
  readonly group?: string
}

/** A kind of channel that can be added. */
export interface AddableKind {
  readonly name: string
  readonly title: string
  /** Address that is typed; absent where a script of the page makes it. */
  readonly field?: { readonly label: string; readonly example: string }
  readonly publicKey?: string
}

/** Outcome of the last act on the page. */
export interface NotificationOutcome {
  readonly done?: string | undefined
  readonly mistake?: string | undefined
  /** Secret of a channel, shown this once. */
  readonly secret?: string | undefined
}

export interface NotificationView extends NotificationOutcome {
  readonly viewer: Viewer
  readonly channels: readonly ChannelItem[]
  readonly kinds: readonly AddableKind[]
  readonly quiet: QuietHours | undefined
  /** Channels that this server has, and that settings would add, for administrators. */
  readonly configured:
    | { readonly titles: readonly string[]; readonly missing: readonly string[] }
    | undefined
}

/** The page on which a person chooses how they are told. */
export function notificationPage(view: NotificationView): string {
  const { channels, configured, kinds, quiet, viewer } = view
  const at = '/notifications'
  const body = html`<div class="head"><p class="eyebrow">Notifications</p><h1>How you are told</h1></div>
${outcome(view)}
<p>You are told when a call waits for your approval, when an agent asks to act for you, and of calls that a policy reports to you. A message leads to a page; nothing is decided by opening it.</p>
${channels.length === 0 ? empty('Nothing tells you yet', kinds.length === 0 ? 'This server sends no messages. An administrator sets a mail server with REMIT_SMTP_URL. What waits for you is on your home page in any case.' : 'Add a channel below. What waits for you is on your home page in any case.') : html`<ul class="list">${channels.map((channel, place) => item(channel, { at, viewer, place }))}</ul>`}
${kinds.map((kind) => kind.publicKey !== undefined && pushForm(kind.name, kind.publicKey, viewer))}
${addForms(kinds, { at, viewer })}
${quietForm(quiet, viewer)}
${configured && html`<h2>For administrators</h2><p>Configured: ${configured.titles.join(', ') || 'nothing'}.${configured.missing.length > 0 && html` Not configured: ${configured.missing.join(', ')}.`}</p><p><a href="/group-channels">Channels of groups</a></p>`}`
  const script = kinds.some(({ publicKey }) => publicKey !== undefined) ? 'push' : undefined
  return documentOf({ title: 'Notifications', body, viewer, script })
}

const clock = (minute: number) =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':')

function quietForm(quiet: QuietHours | undefined, viewer: Viewer): Html {
  const zone = viewer.settings?.zone ?? ''
  const { fromMinute = 1_320, timeZone = zone, toMinute = 420 } = quiet ?? {}
  const time = (name: string, label: string, minute: number) =>
    html`<div class="field"><label for="${name}">${label}</label><input class="short" type="time" id="${name}" name="${name}" value="${clock(minute)}" required></div>`
  return html`<h2>Quiet hours</h2>
<p>${quiet ? html`You are told of nothing from ${clock(fromMinute)} to ${clock(toMinute)} (${timeZone})` : 'You have none. In quiet hours you are told of nothing'}, unless you are on call for it, or it would expire before anybody is told. Away for longer? <a href="/stand-ins">Name a stand-in</a>.</p>
<form method="post" action="/notifications/quiet" class="card">${csrfField(viewer)}
${time('from', 'From', fromMinute)}${time('to', 'To', toMinute)}
<div class="field"><label for="zone">Time zone</label><input type="text" id="zone" name="zone" value="${timeZone}" placeholder="Europe/Berlin" required autocomplete="off" maxlength="64"></div>
<div class="actions"><button class="primary">Set quiet hours</button></div></form>
${quiet && html`<form method="post" action="/notifications/loud">${csrfField(viewer)}<button>Have none</button></form>`}`
}

export interface GroupChannelView extends NotificationOutcome {
  readonly viewer: Viewer
  readonly channels: readonly ChannelItem[]
  readonly kinds: readonly AddableKind[]
}

/** The page on which administrators add channels of groups. */
export function groupChannelPage(view: GroupChannelView): string {
  const { channels, kinds, viewer } = view
  const at = '/group-channels'
  const body = html`<div class="head"><p class="eyebrow">Notifications</p><h1>Channels of groups</h1></div>
${outcome(view)}
<p>A channel of a group is told what any member of the group can answer, and what a policy reports to the group. Everybody who reads the channel sees the sentence of each call.</p>
${channels.length === 0 ? empty('No group has a channel', 'Add one below, such as the channel of those who are on call.') : html`<ul class="list">${channels.map((channel, place) => item(channel, { at, viewer, place }))}</ul>`}
${addForms(kinds, { at, viewer, group: html`<div class="field"><label for="group">Group</label><input type="text" id="group" name="group" required autocomplete="off"></div>` })}`
  return documentOf({ title: 'Channels of groups', body, viewer })
}

function outcome({ done, mistake, secret }: NotificationOutcome): Html {
  return html`${mistake !== undefined && notice('bad', 'That did not work', html`<p>${show(mistake)}</p>`)}
${done !== undefined && notice('good', done)}
${secret !== undefined && notice('calm', 'Secret of this webhook', html`<p>It verifies the signature of each request. It is shown once: <code>${secret}</code></p>`)}`
}

interface ItemPlace {
  /** Path of the page. */
  readonly at: string
  readonly viewer: Viewer
  readonly place: number
}

function item(channel: ChannelItem, { at, place, viewer }: ItemPlace): Html {
  const { address, group, hasCode = true, name, own, title, use } = channel
  if (address === undefined)
    return html`<li class="item"><p class="what">${title}</p><p class="meta">Your identity provider tells no address of yours.</p></li>`
  const form = (act: string, label: string, look = '', field?: Html) =>
    html`<form method="post" action="${at}/${name}/${act}">${csrfField(viewer)}${field}<button${look && html` class="${look}"`}>${label}</button></form>`
  const head = html`<p class="what">${title} <span class="soft">${group !== undefined && html`${show(group)}, `}${show(address)}</span></p>`
  const remove = own && form('remove', 'Remove')
  if (use === 'unconfirmed' && !hasCode)
    return html`<li class="item">${head}<p class="meta">${badge('Not confirmed', 'warn')} No code went to this channel yet. One a minute is sent, and six in an hour.</p>
<div class="actions">${form('code', 'Send a code', 'primary')}${remove}</div></li>`
  if (use === 'unconfirmed')
    return html`<li class="item">${head}<p class="meta">${badge('Not confirmed', 'warn')} A code went to this channel. Type it here within ten minutes.</p>
<div class="actions">${form('confirm', 'Confirm', 'primary', html`<input class="short" type="text" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required aria-label="Code"> `)}${form('code', 'Send another code')}${remove}</div></li>`
  const test = form('test', 'Send a test message')
  if (group !== undefined)
    return html`<li class="item">${head}<p class="meta">${badge('On', 'good')}</p><div class="actions">${test}${remove}</div></li>`
  const uses = {
    always: html`${test}${form('fallback', 'Only when others fail')}${form('mute', 'Turn off')}`,
    fallback: html`${test}${form('unmute', 'Always')}${form('mute', 'Turn off')}`,
    off: form('unmute', 'Turn on', 'primary'),
  }
  const state = {
    always: badge('On', 'good'),
    fallback: badge('When others fail', 'good'),
    off: badge('Off'),
  }
  return html`<li class="item">${head}
<p class="meta">${state[use]}</p>
<div class="actions">${uses[use]}${place > 0 && form('up', 'Prefer')}${remove}</div></li>`
}

/** Hidden where no script runs, and where the browser shows no notifications. */
function pushForm(kind: string, publicKey: string, viewer: Viewer): Html {
  return html`<form method="post" action="/notifications/own/add" hidden data-push-key="${publicKey}" data-worker="${PUSH_WORKER.path}">${csrfField(viewer)}<input type="hidden" name="kind" value="${kind}"><input type="hidden" name="address" value="">
<div class="actions"><button class="primary">Show notifications in this browser</button></div><output></output></form>`
}

function addForms(
  all: readonly AddableKind[],
  { at, group, viewer }: Pick<ItemPlace, 'at' | 'viewer'> & { readonly group?: Html },
): Html | false {
  const kinds = all.filter(({ field }) => field !== undefined)
  if (kinds.length === 0) return false
  const options = kinds.map(({ name, title }) => html`<option value="${name}">${title}</option>`)
  const examples = kinds.map(
    ({ field, title }) =>
      field && html`<li>${title}: ${field.label.toLowerCase()}, such as ${field.example}</li>`,
  )
  return html`<h2>Add a channel</h2>
<form method="post" action="${at}/own/add" class="card">${csrfField(viewer)}${group}
<div class="field"><label for="kind">Kind</label><select id="kind" name="kind">${options}</select></div>
<div class="field"><label for="address">Address</label><input type="text" id="address" name="address" required autocomplete="off" maxlength="2048"></div>
<ul class="hint">${examples}</ul>
<div class="actions"><button class="primary">Add and send a code</button></div></form>`
}
