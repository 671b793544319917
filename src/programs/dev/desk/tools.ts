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
    const order = args.order_id === undefined ? undefined : textArgument(args, 'order_id')
    const found = book.search(textArgument(args, 'query'), order)
    return said(found.length === 0 ? 'No note has all these words.' : found.map(line).join('\n'))
  },
  read_note: ({ book }, args) => {
    const note = book.read(textArgument(args, 'id'))
    return note ? said(line(note)) : failedTool('There is no such note.')
  },
  add_note: ({ book }, args) =>
    said(`Added ${line(book.add(textArgument(args, 'order_id'), textArgument(args, 'text')))}`),
  send_message: ({ book }, args) => {
    const to = textArgument(args, 'to')
    if (!/^[^\s@]+@[^\s@]+$/.test(to)) return failedTool('`to` is no e-mail address.')
    return said(`Sent message ${book.send({ to, text: textArgument(args, 'text') })} to ${to}.`)
  },
  delete_note: ({ book }, args) =>
    book.delete(textArgument(args, 'id')) ? said('Deleted.') : failedTool('There is no such note.'),
  summarize: async ({ book, pause, progress }, args) => {
    const orderId = textArgument(args, 'order_id')
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

function textArgument(args: Arguments, name: string): string {
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

function failedTool(words: string): CallToolResult {
  return { content: [{ type: 'text', text: words }], isError: true }
}
