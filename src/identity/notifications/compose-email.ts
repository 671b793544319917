import type { Announcement } from './announcement.ts'
import type { Notification } from './channel.ts'
import { factValue, notificationTitle, shownSentence } from './words.ts'

/** An e-mail before it has an address. */
export interface EmailContent {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/**
 * Writes an e-mail. Its links lead to pages of the issuer, where people sign in: opening one changes nothing.
 * INVARIANT: the subject and every link are Remit's own; values from outside are shown with nothing hidden, and are no links.
 */
export function composeEmail(issuer: string, message: Notification): EmailContent {
  const { announcements, more } = message
  const others = more > 0 ? `and ${more} more: ${issuer}/approvals` : undefined
  const settings = `${issuer}/notifications`
  return {
    subject: `[Remit] ${notificationTitle(message)}`,
    text: [
      ...announcements.map((each) => plainBody(issuer, each)),
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

function plainBody(issuer: string, { facts, path, sentence, title }: Announcement): string {
  const width = Math.max(0, ...facts.map(({ name }) => name.length))
  return [
    title,
    '',
    `  ${shownSentence(sentence)}`,
    '',
    ...facts.map((fact) => `  ${fact.name.padEnd(width)}  ${factValue(fact)}`),
    '',
    `  ${issuer}${path}`,
  ].join('\n')
}

function htmlOf(issuer: string, { facts, path, sentence, title }: Announcement): string {
  const rows = facts.map(
    (fact) =>
      `<tr><td style="color:#555;padding:2px 16px 2px 0;vertical-align:top;white-space:nowrap">${escaped(fact.name)}</td><td>${escaped(factValue(fact))}</td></tr>`,
  )
  return [
    '<div style="border:1px solid #ddd;border-radius:8px;padding:16px;margin:0 0 16px">',
    `<p style="margin:0;color:#555">${escaped(title)}</p>`,
    `<p style="font-size:18px;font-weight:bold;margin:8px 0">${escaped(shownSentence(sentence))}</p>`,
    `<table style="border-spacing:0">${rows.join('')}</table>`,
    `<p style="margin:16px 0 0"><a href="${escaped(issuer + path)}" style="background:#0b5d4b;color:#fff;padding:10px 16px;border-radius:8px;text-decoration:none">Look at it and answer</a></p>`,
    '</div>',
  ].join('')
}

function page(parts: readonly string[]): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"></head><body style="font-family:system-ui,sans-serif;font-size:15px;color:#111;max-width:560px;margin:0 auto;padding:16px">${parts.join('')}</body></html>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
