import { visible } from '../../../platform/lib/text/visible.ts'
import { ASSETS } from './assets.ts'
import { type Html, html, raw } from './html.ts'
import { SCRIPTS } from './scripts.ts'
import { inZone, type ReaderSettings } from './time.ts'

/** Person who looks at the page. `csrf` goes into every form. */
export interface Viewer {
  readonly name: string
  readonly csrf: string
  readonly administrator: boolean
  /** Number of calls that wait for this person's answer. */
  readonly waiting: number
  /** Settings of the browser; absent: UTC and English. */
  readonly settings?: ReaderSettings
}

export const NO_SETTINGS: ReaderSettings = { zone: 'UTC', locale: 'en' }

export function zoneOf(viewer: Pick<Viewer, 'settings'> | undefined): string {
  return (viewer?.settings ?? NO_SETTINGS).zone
}

/** Pages of the navigation. */
type PageName = 'home' | 'approvals' | 'tasks' | 'organization'

export interface Page {
  readonly title: string
  readonly body: Html
  /** Person who looks at it; absent on pages that come before signing in. */
  readonly viewer?: Viewer | undefined
  readonly current?: PageName
  /** `wide` for lists, else a column to read. */
  readonly width?: 'wide'
  /** Script that the page carries. */
  readonly script?: keyof typeof SCRIPTS | undefined
  /** An address the browser goes on to by itself; the page also links to it. */
  readonly onward?: string
}

/** A ring with a gap and a dot inside: to act within one's remit. */
const MARK = raw(
  '<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M19.8 7.5A9 9 0 1 0 21 12" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/><circle cx="12" cy="12" r="3.4" fill="currentColor"/></svg>',
)

function link(page: Page, to: PageName, label: Html): Html {
  const here = page.current === to && raw(' aria-current="page"')
  return html`<a href="${to === 'home' ? '/' : `/${to}`}"${here || ''}>${label}</a>`
}

function top(page: Page): Html {
  const { viewer } = page
  if (!viewer) {
    return html`<header class="top"><div class="row"><a class="brand" href="/">${MARK}Remit</a></div></header>`
  }
  const badge =
    viewer.waiting > 0 &&
    html` <span class="count" aria-label="${viewer.waiting} waiting">${viewer.waiting}</span>`
  return html`<header class="top"><div class="row">
<a class="brand" href="/">${MARK}<span class="word">Remit</span></a>
<nav aria-label="Main">${link(page, 'home', html`Home`)}${link(page, 'approvals', html`Approvals${badge}`)}${link(page, 'tasks', html`Tasks`)}${viewer.administrator && link(page, 'organization', html`Organization`)}</nav>
<div class="me"><a class="name" href="/notifications" title="How you are told">${viewer.name}</a>
<form method="post" action="/sign-out">${csrfField(viewer)}<button class="quiet">Sign out</button></form></div>
</div></header>`
}

/** The hidden field that proves that a form is ours. */
export function csrfField(viewer: Pick<Viewer, 'csrf'>): Html {
  return html`<input type="hidden" name="csrf" value="${viewer.csrf}">`
}

/** A whole HTML document. No inline script or style, nothing from another origin. */
export function documentOf(page: Page): string {
  const onward =
    page.onward !== undefined && html`<meta http-equiv="refresh" content="0; url=${page.onward}">`
  const written = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${visible(page.title)} · Remit</title>${onward}
<link rel="icon" href="${ASSETS.icon.path}" type="image/svg+xml">
<link rel="apple-touch-icon" href="${ASSETS.icon192.path}">
<link rel="manifest" href="${ASSETS.manifest.path}">
<link rel="stylesheet" href="${ASSETS.style.path}">${page.script && raw(SCRIPTS[page.script].tag)}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
${top(page)}
<main id="main"${page.width === 'wide' ? raw(' class="wide"') : ''}>
${page.body}
</main>
<footer><p>Remit decides what agents may do, for whom, right now. ${page.viewer ? html`<a href="/time-zone">Your time zone</a> <a href="/notifications">How you are told</a> <a href="/stand-ins">Stand-ins</a> <a href="/passkeys">Passkeys</a>` : 'Times are UTC.'}</p></footer>
</body>
</html>
`.toString()
  return inZone(written, zoneOf(page.viewer))
}
