import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import { sha256hex } from '../../../platform/lib/bytes.ts'
import { cut, MAX_SHOWN } from '../../../platform/lib/text/visible.ts'
import { type CallRow, callRows } from '../../../tasks/approval-desk/index.ts'
import { NO_SETTINGS, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { notice } from '../frame/pieces.ts'
import { isDeceptive, show, showLayout } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'
import type { PageParts } from '../parts.ts'
import { callRowKey, type ReadableValues, readableValues } from './readable-values.ts'

/** A call that is too long to be shown whole: so much of it is shown, to know what it is about. */
const MAX_ROWS_OF_LONG = 50
const MAX_ROW_OF_LONG = 1_000
/** Characters after which other work that waits for the thread has a turn. */
const CHARACTERS_IN_A_TURN = 8_192

/** A call as a page shows it. */
export interface ShownCall {
  readonly rows: Html
  readonly whole: Html
  /** Parts of its sentence in the viewer's language. */
  readonly words: ReadableValues['words']
  readonly deceives: boolean
  /** It is shown in part, with a digest of all of it and where all of it is. */
  readonly tooLong: boolean
  readonly bytes: number
  /** SHA-256 of the bytes that are downloaded, hex. */
  readonly digest: string
}

const PLACE = {
  request: '',
  query: 'in the query',
  header: 'in a header',
  body: '',
  argument: '',
} as const satisfies Record<CallRow['place'], string>

/** Parts that stand on the page at once; the others are behind a line that says how many they are. */
const MAX_ROWS = 12
/** Lines, and characters, of a value that stand on the page at once. */
const MAX_LINES = 6
const MAX_CHARACTERS = 480

const NOTHING_READABLE: ReadableValues = { rows: new Map(), others: [], words: new Map() }

/**
 * Writes a frozen call for a page. INVARIANT: time and size are bounded whatever the agent sent, and gateway calls have their turn in
 * between: `turn` is awaited after each piece.
 */
export async function showCall(
  call: string,
  download: string,
  readable: ReadableValues = NOTHING_READABLE,
  turn: () => Promise<unknown> = () => nextTurn(),
): Promise<ShownCall> {
  const tooLong = call.length > MAX_SHOWN
  const rows = callRows(call)
  const shown: Html[] = []
  let since = 0
  for (const row of tooLong ? rows.slice(0, MAX_ROWS_OF_LONG) : rows) {
    shown.push(
      showRow(row, tooLong ? MAX_ROW_OF_LONG : MAX_SHOWN, readable.rows.get(callRowKey(row))),
    )
    since += lengthOf(row)
    if (since < CHARACTERS_IN_A_TURN) continue
    since = 0
    await turn()
  }
  await turn()
  const deceives = isDeceptive(call.slice(0, MAX_SHOWN))
  await turn()
  const more = rows.length - shown.length
  return {
    rows: html`${readable.others.length > 0 && inParts(readable.others.map(([name, value]) => html`<div><dt>${show(name, MAX_ROW_OF_LONG)}</dt><dd>${value}</dd></div>`))}${inParts(shown)}${more > 0 && html`<p class="soft">… and ${more} more parts.</p>`}`,
    whole: showJson(call, download),
    words: readable.words,
    deceives,
    tooLong,
    bytes: Buffer.byteLength(call),
    digest: sha256hex(call),
  }
}

/** Writes the call of a request in the language and zone of its viewer. */
export async function showRequest(
  { decisions }: Pick<PageParts, 'decisions'>,
  request: Pick<AccessRequest, 'action' | 'call' | 'id' | 'inspected'>,
  { settings = NO_SETTINGS }: Viewer,
): Promise<ShownCall> {
  const context = { read: decisions.storage.read, settings }
  const catalog = await decisions.catalog.current()
  const readable = await readableValues(catalog, request, callRows(request.call), context)
  return showCall(request.call, `/approvals/${request.id}/call`, readable)
}

/** A call on a page beside that of its request, where all of it can be read. */
export function calledOut(call: ShownCall, id: string): Html {
  return html`${call.deceives && notice('warn', 'This call contains look-alike or invisible characters')}
${call.tooLong && notice('warn', 'This is too long to be shown here', html`<p><a href="/approvals/${id}">Look at it by itself</a></p>`)}
${call.rows}<details${call.deceives && html` open`}><summary>The whole call, byte for byte</summary>${call.whole}</details>`
}

function inParts(shown: readonly Html[]): Html {
  const [first, rest] = [shown.slice(0, MAX_ROWS), shown.slice(MAX_ROWS)]
  return html`<dl class="facts">${first}</dl>${rest.length > 0 && html`<details class="rest"><summary>${rest.length} more parts</summary><dl class="facts">${rest}</dl></details>`}`
}

function lengthOf({ value }: CallRow): number {
  return ('text' in value ? value.text : value.json).length
}

function showRow({ name, place, value }: CallRow, most: number, readable?: Html): Html {
  const where = PLACE[place]
  const sent = showValue(value, most)
  return html`<div><dt>${show(name, MAX_ROW_OF_LONG)}${where !== '' && html` <span class="soft">${where}</span>`}</dt><dd>${readable ? html`<span class="value">${readable}</span> <span class="soft small">sent as ${sent}</span>` : sent}</dd></div>`
}

/** INVARIANT: all of it is on the page; what is behind a line is counted there, and open where it holds what deceives. */
export function showValue(value: CallRow['value'], most: number): Html {
  if ('json' in value)
    return value.json.length > most ? show(value.json, most) : foldedJson(value.json)
  const { text } = value
  const lines = text.split('\n')
  if (lines.length > 1 || text.length > MAX_CHARACTERS) return folded(text, lines, most)
  return html`<span class="value">${show(text, most)}</span>`
}

function folded(text: string, lines: readonly string[], most: number): Html {
  const first = lines.slice(0, MAX_LINES).join('\n')
  // Between words: half a word looks like something else.
  const head =
    first.length <= MAX_CHARACTERS
      ? first
      : cut(first, MAX_CHARACTERS).replace(/(?<=.{200}\s)\S*$/s, '')
  if (head === text) return html`<span class="value">${showLayout(text)}</span>`
  const rest = text.slice(head.length)
  const count = rest.split('\n').length - 1
  const says = count > 0 ? `${count} more lines` : `${rest.length} more characters`
  return html`<span class="value">${showLayout(head)} …</span><details class="rest"${isDeceptive(cut(rest, most)) && html` open`}><summary>${says}: all of it</summary><span class="value">${showLayout(text, most)}</span></details>`
}

function foldedJson(json: string): Html {
  if (json.length <= MAX_CHARACTERS) return showJson(json)
  return html`<details class="rest"${isDeceptive(json) && html` open`}><summary>${json.startsWith('[') ? 'A list' : 'An object'} of ${json.length} characters</summary>${showJson(json)}</details>`
}
