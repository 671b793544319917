import { createHash } from 'node:crypto'
import type { DevPerson } from './dev-person.ts'

const STYLE = `
:root{color-scheme:light dark;--ground:#f4f2ee;--card:#fff;--ink:#1d1b18;--soft:#66615a;--line:#dfdad2;--mark:#b4480f;--mark-ground:#fdf0e4}
@media (prefers-color-scheme:dark){:root{--ground:#171614;--card:#211f1c;--ink:#f0ede8;--soft:#a8a199;--line:#38342f;--mark:#f2a56b;--mark-ground:#33241a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem 1rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:30rem}
.warning{margin:0 0 1.5rem;padding:.6rem .9rem;border:1px solid var(--mark);border-radius:.6rem;background:var(--mark-ground);color:var(--mark);font-size:.875rem}
h1{margin:0 0 .25rem;font-size:1.6rem;line-height:1.2;letter-spacing:-.01em}
p.asks{margin:0 0 1.25rem;color:var(--soft)}
form{display:grid;gap:.6rem;margin:0}
button{display:grid;grid-template-columns:auto 1fr auto;gap:.9rem;align-items:center;width:100%;padding:.8rem .9rem;border:1px solid var(--line);border-radius:.8rem;background:var(--card);color:inherit;font:inherit;text-align:left;cursor:pointer}
button:hover{border-color:var(--mark)}
button:focus-visible{outline:3px solid var(--mark);outline-offset:2px}
.face{display:grid;place-items:center;width:2.6rem;height:2.6rem;border-radius:50%;background:var(--mark-ground);color:var(--mark);font-weight:600;font-size:.9rem}
.name{display:block;font-weight:600}
.mail{display:block;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}
.groups{color:var(--soft);font-size:.8rem;text-align:right}
.none{font-style:italic}
footer{margin-top:1.5rem;color:var(--soft);font-size:.8rem}
`

/**
 * `form-action` must name where a sign-in ends: browsers check the redirects of a form as well. That is loopback, whatever the port,
 * or a client's own origin, such as an issuer behind `https`. (Not `[::1]`: a source of a policy cannot be an IPv6 address.)
 */
function policyFor(redirectUris: readonly string[]): string {
  const origins = redirectUris.map((uri) => new URL(uri).origin).filter((at) => !at.includes('['))
  const ends = new Set(["'self'", 'http://127.0.0.1:*', 'http://localhost:*', ...origins])
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    `form-action ${[...ends].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** Headers of a page from which a sign-in may end at these addresses. */
export function pageHeaders(redirectUris: readonly string[]) {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyFor(redirectUris),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  } as const
}

const WARNING =
  'Development only. Anyone can be anyone here: there are no passwords, and nothing is kept.'

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><p class="warning" role="note">${WARNING}</p>${body}<footer>Remit development identity provider</footer></main></body>
</html>
`
}

function initials(name: string): string {
  return name
    .split(' ')
    .map((word) => word.slice(0, 1))
    .join('')
    .slice(0, 2)
}

function card(person: DevPerson): string {
  const groups = person.groups.length
    ? `<span class="groups">${escapeHtml(person.groups.join(', '))}</span>`
    : '<span class="groups none">no group</span>'
  return `<button name="person" value="${escapeHtml(person.id)}"><span class="face" aria-hidden="true">${escapeHtml(initials(person.name))}</span><span><span class="name">${escapeHtml(person.name)}</span><span class="mail">${escapeHtml(person.email)}</span></span>${groups}</button>`
}

/** The only page: who are you? One button each, no script. */
export function choosePage(options: {
  action: string
  client: string
  people: readonly DevPerson[]
}): string {
  return page(
    'Choose who you are',
    `<h1>Choose who you are</h1>
<p class="asks">to sign in to <strong>${escapeHtml(options.client)}</strong></p>
<form method="post" action="${escapeHtml(options.action)}">${options.people.map(card).join('')}</form>`,
  )
}

/** Page that says in words what went wrong. */
export function troublePage(title: string, detail: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p class="asks">${escapeHtml(detail)}</p>`)
}
