import type { AccessRequest } from '../../../approvals/access-requests/index.ts'
import {
  type CatalogView,
  currencyByDefault,
  displayAmount,
  readDisplay,
} from '../../../catalog/catalog/index.ts'
import { findPerson, findPersonsByEmail } from '../../../identity/people/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { localNumber } from '../../../platform/lib/text/numbers.ts'
import { type CallRow, listMembers, MAX_MEMBERS } from '../../../tasks/approval-desk/index.ts'
import { type Html, html } from '../frame/html.ts'
import { isDeceptive, show } from '../frame/show.ts'
import { type ReaderSettings, writtenTime } from '../frame/time.ts'

type PeopleReader = Parameters<typeof findPerson>[0]

/** Values of a call as people read them. What is sent stands beside each. */
export interface ReadableValues {
  /** By row: `keyOf`. */
  readonly rows: ReadonlyMap<string, Html>
  /** Values that have no row of their own, such as members of objects. */
  readonly others: readonly (readonly [name: string, value: Html])[]
  /** Parts of the sentence, and what they are in the reader's language. */
  readonly words: ReadonlyMap<string, string>
}

export function callRowKey({ name, place }: Pick<CallRow, 'name' | 'place'>): string {
  return `${place === 'query' ? 'query' : 'body'} ${name}`
}

interface ValueContext {
  readonly read: PeopleReader
  readonly settings: ReaderSettings
  readonly textAt: (path: string) => string | undefined
}

/** Written value; `word`: the same in one line of plain text, where the sentence has it. */
interface WordedValue {
  readonly value: Html
  readonly word?: readonly [before: string, after: string]
}

/** Writes the values of a call as the catalog says that people are shown them. Reads names of people, one look-up each. */
export async function readableValues(
  { actions }: Pick<CatalogView, 'actions'>,
  { action: name, inspected }: Pick<AccessRequest, 'action' | 'inspected'>,
  rows: readonly CallRow[],
  { read, settings }: Omit<ValueContext, 'textAt'>,
): Promise<ReadableValues> {
  const action = actions.get(name)
  const given = Map.groupBy(rows, callRowKey)
  const known = new Map(rows.map((row) => [callRowKey(row), row.value]))
  const places = new Map(
    action?.arguments.arguments.map((each) => [
      `/${each.name}`,
      callRowKey({ name: each.wire, place: each.place === 'query' ? 'query' : 'body' }),
    ]),
  )
  const leaves = new Map(inspected?.map((leaf) => [leaf.path, leaf]))
  const textAt = (path: string) => {
    const value = known.get(places.get(path) ?? '')
    return leaves.get(path)?.text ?? (value && 'text' in value ? value.text : undefined)
  }
  const codeAt = (path: string) =>
    textAt(path) ?? (action && currencyByDefault(action.arguments, path))
  const dates = [...leaves.values()].flatMap(({ kind, path }) =>
    kind === 'datetime' ? [path] : [],
  )
  const displays = {
    ...Object.fromEntries(dates.map((path) => [path, 'date'])),
    ...action?.displays,
  }
  const readable = new Map<string, Html>()
  const others: [string, Html][] = []
  const words = new Map<string, string>()
  for (const [path, display] of Object.entries(displays)) {
    const text = textAt(path)
    const written =
      text === undefined
        ? undefined
        : await wordedValue(display, text, { read, settings, textAt: codeAt })
    if (!written) continue
    const row = places.get(path)
    if (row !== undefined && known.has(row)) readable.set(row, written.value)
    else others.push([path.slice(1), written.value])
    if (written.word) words.set(...written.word)
  }
  const members = listMembers(displays, (path) => given.get(places.get(path) ?? '') ?? [])
  for (const { display, name, text, textAt: beside } of members.slice(0, MAX_MEMBERS)) {
    const context = { read, settings, textAt: (path: string) => beside(path) ?? textAt(path) }
    const written = await wordedValue(display, text, context)
    if (written) others.push([name, written.value])
    if (written?.word) words.set(...written.word)
  }
  if (members.length > MAX_MEMBERS) others.push(['More in lists', html`below, as it is sent`])
  return { rows: readable, others, words }
}

async function wordedValue(
  stated: string,
  text: string,
  { read, settings, textAt }: ValueContext,
): Promise<WordedValue | undefined> {
  const display = readDisplay(stated)
  switch (display?.kind) {
    case 'currency': {
      const amount = displayAmount(display, text, textAt)
      if (!amount) return undefined
      const local = localNumber(amount.text, settings.locale, amount.code)
      return { value: html`${local}`, word: [`${amount.text} ${amount.code}`, local] }
    }
    case 'unit': {
      const local = `${localNumber(text, settings.locale)} ${display.unit}`
      return { value: html`${local}`, word: [`${text} ${display.unit}`, local] }
    }
    case 'date': {
      const written = writtenTime(text, settings.zone)
      return written === undefined ? undefined : { value: html`${written}` }
    }
    case 'person':
      return { value: await personCalled(read, text) }
    case 'link':
      return linkTo(text, display.host)
    default:
      return undefined
  }
}

const MAX_ADDRESS = 320

/** Name of the person whom Remit knows by this id or address. An agent cannot make one up. */
async function personCalled(read: PeopleReader, text: string): Promise<Html> {
  const one = isId('person', text) ? await findPerson(read, text) : undefined
  const isAddress = text.includes('@') && text.length <= MAX_ADDRESS
  const found = one ? [one] : isAddress ? await findPersonsByEmail(read, text) : []
  const [person, another] = found
  if (another) return html`<b>several people have this address</b>`
  if (!person) return html`<b>no person whom Remit knows</b>`
  return html`${show(person.name)}${person.status !== 'active' && html` <b>(${person.status})</b>`}`
}

/** Host that an address leads to. A link only over https, to exactly the host that the catalog names, and where nothing in it deceives. */
function linkTo(text: string, host: string | undefined): WordedValue | undefined {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol))
    return { value: html`<b>not an address of the web</b>` }
  const isPlain = url.username === '' && url.password === '' && url.port === ''
  const isAllowed = url.protocol === 'https:' && url.hostname === host && isPlain
  const where = html`leads to ${show(url.host)}${url.protocol === 'http:' && ', without encryption'}${!isPlain && url.port === '' && html`, <b>not to what stands before the @</b>`}`
  if (!isAllowed || isDeceptive(text)) return { value: where }
  return {
    value: html`<a href="${url.href}" rel="noopener noreferrer" target="_blank">${where}</a>`,
  }
}
