import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Note, NoteBook } from './note-book.ts'

export interface ToolWork {
  readonly book: NoteBook
  /** Tells the client how far a slow tool is. */
  readonly progress: (done: number, of: number, words: string) => Promise<void>
  /** Between two steps of a slow tool; rejects when the client no longer waits. */
  readonly pause: () => Promise<void>
}

type Arguments = Readonly<Record<string, unknown>>
type Tool = (work: ToolWork, args: Arguments) => CallToolResult | Promise<CallToolResult>

const STEPS = 5

/** Work of the tools in `offer.ts`. */
export const TOOL_WORK: Readonly<Record<string, Tool>> = {
  search_notes: ({ book }, args) => {
    const order = args.order_id === undefined ? undefined : text(args, 'order_id')
    const found = book.search(text(args, 'query'), order)
    return said(found.length === 0 ? 'No note has all these words.' : found.map(line).join('\n'))
  },
  read_note: ({ book }, args) => {
    const note = book.read(text(args, 'id'))
    return note ? said(line(note)) : failed('There is no such note.')
  },
  add_note: ({ book }, args) =>
    said(`Added ${line(book.add(text(args, 'order_id'), text(args, 'text')))}`),
  send_message: ({ book }, args) => {
    const to = text(args, 'to')
    if (!/^[^\s@]+@[^\s@]+$/.test(to)) return failed('`to` is no e-mail address.')
    return said(`Sent message ${book.send({ to, text: text(args, 'text') })} to ${to}.`)
  },
  delete_note: ({ book }, args) =>
    book.delete(text(args, 'id')) ? said('Deleted.') : failed('There is no such note.'),
  summarize: async ({ book, pause, progress }, args) => {
    const orderId = text(args, 'order_id')
    for (let step = 1; step <= STEPS; step++) {
      await pause()
      await progress(step, STEPS, `page ${step} of ${STEPS}`)
    }
    const notes = book.ofOrder(orderId)
    return said(`Order ${orderId} has ${notes.length} notes.\n${notes.map(line).join('\n')}`.trim())
  },
}

/** Thrown for arguments that are not as the schema says. */
export class BadArgument extends Error {}

function text(args: Arguments, name: string): string {
  const value = args[name]
  if (typeof value !== 'string' || value === '')
    throw new BadArgument(`\`${name}\` has to be a text`)
  return value
}

function line({ id, orderId, text: words }: Note): string {
  return `${id} (order ${orderId}): ${words}`
}

function said(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }] }
}

function failed(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }], isError: true }
}
