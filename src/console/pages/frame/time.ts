import { clockTime, relative } from '../../../platform/lib/text/times.ts'
import { type Html, html } from './html.ts'

export { clockTime, duration, relative, writtenTime } from '../../../platform/lib/text/times.ts'

/** Settings of the browser that a page is for. `zone`: IANA, `UTC` when it is not known. */
export interface ReaderSettings {
  readonly zone: string
  readonly locale: string
}

/**
 * `3 minutes ago · 14:32 UTC`, with the exact instant for machines and for those who point at it. Without a zone, the
 * document writes it in its reader's (`inZone`).
 */
export function when(at: number, now: number, zone?: string): Html {
  const iso = new Date(at).toISOString()
  const open = zone === undefined && html` data-now="${now}"`
  return html`<time datetime="${iso}" title="${iso}"${open}>${relative(at, now)}<span class="dot" aria-hidden="true">\u00a0·</span> <span class="clock">${clockTime(at, now, zone)}</span></time>`
}

const OPEN_TIME =
  /(<time datetime="([^"]+)" title="[^"]+") data-now="(\d+)">(.*?<span class="clock">)[^<]*<\/span>/g

/** Writes the times of a page that have no zone yet in one. INVARIANT: markup of a page is our own, so no text from outside is such a time. */
export function inZone(markup: string, zone: string): string {
  return markup.replaceAll(
    OPEN_TIME,
    (_, head: string, iso: string, now: string, words: string) =>
      `${head}>${words}${clockTime(Date.parse(iso), Number(now), zone)}</span>`,
  )
}
