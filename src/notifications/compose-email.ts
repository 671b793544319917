import { visible } from '../lib/text/visible.ts'
import type { AnnouncedFact, Announcement } from './announcement.ts'
import type { Notification } from './channel.ts'

/** An e-mail before it has an address. */
export interface EmailContent {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Characters of a value; the page shows all of it. */
const MAX_VALUE = 300

/**
 * Writes an e-mail. Its links lead to pages of the issuer, where people sign in: opening one changes nothing, whoever opens it.
 * INVARIANT: the subject and every link are Remit's own; values from outside are shown with nothing hidden, and are no links.
 */
export function composeEmail(issuer: string, { announcements, more }: Notification): EmailContent {
  const count = announcements.length + more
  const [first] = announcements
  const subject =
    count === 1 && first ? `[Remit] ${first.title}` : `[Remit] ${count} things wait for you`
  const others = more > 0 ? `and ${more} more: ${issuer}/approvals` : undefined
  const settings = `${issuer}/notifications`
  return {
    subject,
    text: [
      ...announcements.map((each) => textOf(issuer, each)),
      ...(others ? [others] : []),
      `Opening a link changes nothing. Choose how you are told: ${settings}`,
    ].join('\n\n'),
    html: page([
      ...announcements.map((each) => htmlOf(issuer, each)),
      ...(more > 0 ? [`<p>and <a href="${issuer}/approvals">${more} more</a></p>`] : []),
      `<p style="color:#555;font-size:13px">Opening a link changes nothing. <a href="${settings}">Choose how you are told</a>.</p>`,
    ]),
  }
}

function textOf(issuer: string, { facts, path, sentence, title }: Announcement): string {
  const width = Math.max(0, ...facts.map(({ name }) => name.length))
  return [
    title,
    '',
    `  ${shown(sentence)}`,
    '',
    ...facts.map((fact) => `  ${fact.name.padEnd(width)}  ${factValue(fact)}`),
    '',
    `  ${issuer}${path}`,
  ].join('\n')
}

function htmlOf(issuer: string, { facts, path, sentence, title }: Announcement): string {
  const rows = facts.map(
    (fact) =>
      `<tr><td style="color:#555;padding:2px 16px 2px 0;vertical-align:top">${escaped(fact.name)}</td><td>${escaped(factValue(fact))}</td></tr>`,
  )
  return [
    '<div style="border:1px solid #ddd;border-radius:8px;padding:16px;margin:0 0 16px">',
    `<p style="margin:0;color:#555">${escaped(title)}</p>`,
    `<p style="font-size:18px;font-weight:bold;margin:8px 0">${escaped(shown(sentence))}</p>`,
    `<table style="border-spacing:0">${rows.join('')}</table>`,
    `<p style="margin:16px 0 0"><a href="${escaped(issuer + path)}" style="background:#0b5d4b;color:#fff;padding:10px 16px;border-radius:8px;text-decoration:none">Look at it and answer</a></p>`,
    '</div>',
  ].join('')
}

function page(parts: readonly string[]): string {
  return `<!doctype html><html lang="en"><body style="font-family:system-ui,sans-serif;font-size:15px;color:#111;max-width:560px;margin:0 auto;padding:16px">${parts.join('')}</body></html>`
}

function factValue({ foreign, value }: AnnouncedFact): string {
  return foreign ? shown(value) : visible(value)
}

function shown(value: string): string {
  const cut = value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value
  return unlinked(visible(cut))
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/**
 * Text that a mail program makes no link of: a value that an agent chose must not send people anywhere. `https://evil.example/x`
 * becomes `https[:]//evil[.]example/x`, and addresses of people stay as they are.
 */
function unlinked(text: string): string {
  return text
    .replaceAll(/:\/\//g, '[:]//')
    .replaceAll(BARE_HOST, (host) => host.replaceAll('.', '[.]'))
}

/** Labels with dots between them, the last of letters, and no `@` before. */
const BARE_HOST = /(?<![\p{L}\p{N}.@_-])(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,}(?![\p{L}\p{N}_-])/gu
