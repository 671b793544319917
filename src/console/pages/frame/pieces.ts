import { type Html, html } from './html.ts'

export type Tone = 'calm' | 'good' | 'warn' | 'bad'

/** One word that says how something stands. Colour only repeats what the word says. */
export function badge(text: string, tone: Tone = 'calm'): Html {
  return html`<span class="badge ${tone}">${text}</span>`
}

/** A message above the content. `bad` and `warn` are announced. */
export function notice(tone: Tone, title: string, text?: Html): Html {
  return html`<div class="notice ${tone}"${tone === 'calm' || tone === 'good' ? '' : html` role="alert"`}><p class="title">${title}</p>${text && html`<div>${text}</div>`}</div>`
}

/** Name and value pairs; nothing where no name has a value: an empty list would be a gap. */
export function facts(
  list: readonly (readonly [string, Html | string | undefined | false])[],
): Html {
  const rows = list
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return rows.length > 0 ? html`<dl class="facts">${rows}</dl>` : html``
}

/**
 * Rows that are cards on a narrow screen: every cell carries its column's name. The roles say what `display` takes away.
 */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (Html | string)[])[],
): Html {
  const head = columns.map((column) => html`<th role="columnheader" scope="col">${column}</th>`)
  const body = rows.map(
    (row) =>
      html`<tr role="row">${row.map((cell, i) => html`<td role="cell" data-label="${columns[i] ?? ''}"><div class="cell">${cell}</div></td>`)}</tr>`,
  )
  return html`<table role="table"><caption>${caption}</caption><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">${body}</tbody></table>`
}

/** Says what would be here and how it gets here. */
export function empty(title: string, text: Html | string): Html {
  return html`<div class="empty"><p class="title">${title}</p><p>${text}</p></div>`
}

/** Text that an agent wrote about itself, set apart so that it cannot pass for ours. */
export function claim(words: Html, by: string, more?: Html | false): Html {
  return html`<figure class="claim"><blockquote>${words}</blockquote><figcaption>Written by ${by}. Not verified. ${more}</figcaption></figure>`
}

/** A command to copy. */
export function commandHtml(text: string): Html {
  return html`<pre class="command"><code>${text}</code></pre>`
}
