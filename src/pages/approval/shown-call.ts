import { setImmediate as nextTurn } from 'node:timers/promises'
import { MAX_SHOWN } from '../../lib/text/visible.ts'
import { type Html, html } from '../frame/html.ts'
import { isDeceptive, show } from '../frame/show.ts'
import { showJson } from '../frame/show-json.ts'
import { type CallRow, callRows } from './call-rows.ts'

/** A call that is too long to be shown whole: so much of it is shown, to know what it is about. */
const MAX_ROWS_OF_LONG = 50
const MAX_ROW_OF_LONG = 1_000
/** After so many characters, whoever else waits for the thread has a turn. */
const CHARACTERS_IN_A_TURN = 8_192

/** A call as a page shows it. */
export interface ShownCall {
  readonly rows: Html
  readonly whole: Html
  readonly deceives: boolean
  /** It is shown in part, with a digest of all of it and where all of it is. */
  readonly tooLong: boolean
}

const PLACE = {
  request: '',
  query: 'in the query',
  header: 'in a header',
  body: 'in the body',
  argument: '',
} as const satisfies Record<CallRow['place'], string>

/**
 * Writes a frozen call for a page. INVARIANT: time and size are bounded whatever the agent sent, and gateway calls have their turn in
 * between: `turn` is awaited after each piece.
 */
export async function showCall(
  call: string,
  download: string,
  turn: () => Promise<unknown> = () => nextTurn(),
): Promise<ShownCall> {
  const tooLong = call.length > MAX_SHOWN
  const rows = callRows(call)
  const shown: Html[] = []
  let since = 0
  for (const row of tooLong ? rows.slice(0, MAX_ROWS_OF_LONG) : rows) {
    shown.push(showRow(row, tooLong ? MAX_ROW_OF_LONG : MAX_SHOWN))
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
    rows: html`<dl class="facts">${shown}</dl>${more > 0 && html`<p class="soft">… and ${more} more parts.</p>`}`,
    whole: showJson(call, download),
    deceives,
    tooLong,
  }
}

function lengthOf({ value }: CallRow): number {
  return ('text' in value ? value.text : value.json).length
}

function showRow({ name, place, value }: CallRow, most: number): Html {
  const where = PLACE[place]
  return html`<div><dt>${show(name, MAX_ROW_OF_LONG)}${where !== '' && html` <span class="soft">${where}</span>`}</dt><dd>${showValue(value, most)}</dd></div>`
}

function showValue(value: CallRow['value'], most: number): Html {
  if ('text' in value) return html`<span class="value">${show(value.text, most)}</span>`
  return value.json.length > most ? show(value.json, most) : showJson(value.json)
}
