import type { Mail } from './mail.ts'

/** Seconds after which the page looks again. */
const AGAIN_S = 3

/** The page with everybody's e-mail. Addresses below `issuer` are links. */
export function mailboxPage(mails: readonly Mail[], issuer: string): string {
  const list = mails.map(
    ({ at, subject, text, to }) =>
      `<article><h2>${escaped(subject)}</h2><p>to ${escaped(to)}, ${new Date(at).toISOString().slice(11, 19)} UTC</p><pre>${linked(text, issuer)}</pre></article>`,
  )
  const empty = '<p>No e-mail yet. When an agent needs an approval, it comes here.</p>'
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="${AGAIN_S}"><meta name="color-scheme" content="light dark"><title>Mailbox</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border:1px solid #8886;border-radius:8px;padding:1rem;margin:1rem 0}h2{font-size:1.1rem;margin:0}p{margin:.25rem 0}pre{white-space:pre-wrap;overflow-wrap:anywhere}</style></head><body><h1>Mailbox</h1><p>The e-mail that Remit sends to the sample people. No other server gets it.</p>${list.join('') || empty}</body></html>`
}

function linked(text: string, issuer: string): string {
  return escaped(text).replaceAll(/https?:\/\/[^\s<>"]+/g, (address) =>
    address.startsWith(`${issuer}/`)
      ? `<a href="${address}" target="_blank">${address}</a>`
      : address,
  )
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
