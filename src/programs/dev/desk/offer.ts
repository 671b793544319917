import { type Json, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import type { McpDescription } from '../../../platform/net/index.ts'

const READS = { readOnlyHint: true, openWorldHint: false }
const ADDS = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: false,
}
const ORDER_ID = {
  type: 'string',
  pattern: '^[0-9]{1,12}$',
  maxLength: 12,
  description: 'The number of an order, such as 1042',
}
const NOTE_ID = {
  type: 'string',
  pattern: '^note-[0-9]{1,9}$',
  maxLength: 16,
  description: 'Such as note-1',
}
const TEXT = { type: 'string', minLength: 1, maxLength: 2000 }

function object(properties: Record<string, object>, required: readonly string[]) {
  return {
    type: 'object' as const,
    properties,
    required: [...required],
    additionalProperties: false,
  }
}

/** The tools of the desk, as it lists them and as `remit dev` has them in its catalog. */
export const TOOLS = [
  {
    name: 'search_notes',
    title: 'Search notes',
    description: 'Finds notes of the desk that contain all words of the query.',
    inputSchema: object({ query: { type: 'string', maxLength: 200 }, order_id: ORDER_ID }, [
      'query',
    ]),
    annotations: READS,
  },
  {
    name: 'read_note',
    title: 'Read a note',
    description: 'Reads one note.',
    inputSchema: object({ id: NOTE_ID }, ['id']),
    annotations: READS,
  },
  {
    name: 'add_note',
    title: 'Add a note',
    description: 'Adds a note to an order. Notes stay inside the house.',
    inputSchema: object({ order_id: ORDER_ID, text: TEXT }, ['order_id', 'text']),
    annotations: ADDS,
  },
  {
    name: 'send_message',
    title: 'Send a message',
    description: 'Sends a message to a customer. It leaves the house and cannot be taken back.',
    inputSchema: object(
      {
        to: { type: 'string', minLength: 3, maxLength: 254, description: 'An e-mail address' },
        text: TEXT,
      },
      ['to', 'text'],
    ),
    annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  },
  {
    name: 'delete_note',
    title: 'Delete a note',
    description: 'Deletes a note for good.',
    inputSchema: object({ id: NOTE_ID }, ['id']),
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: true,
      openWorldHint: false,
    },
  },
  {
    name: 'summarize',
    title: 'Summarize an order',
    description: 'Reads all notes of an order, slowly, and says how far it is.',
    inputSchema: object({ order_id: ORDER_ID }, ['order_id']),
    annotations: READS,
  },
]

export const PROMPTS = [
  {
    name: 'apology',
    title: 'Apologize to a customer',
    description: 'How the desk apologizes for a damaged delivery.',
    arguments: [{ name: 'order_id', description: 'The number of the order', required: true }],
  },
]

export const HANDBOOK = {
  uri: 'desk://handbook',
  name: 'handbook',
  title: 'The handbook of the desk',
  description: 'When the desk refunds, and how it writes.',
  mimeType: 'text/plain',
}

export const NOTE_TEMPLATE = {
  uriTemplate: 'desk://notes/{id}',
  name: 'note',
  title: 'A note',
  description: 'One note of the desk.',
  mimeType: 'text/plain',
}

export const SERVER = { name: 'desk', title: 'The notes of the refund desk', version: '1.0.0' }
export const INSTRUCTIONS =
  'The desk keeps notes about orders. Look for notes before you add one. Messages leave the house.'
/** The revision that the catalog entry of `remit dev` was made with. */
export const REVISION = '2025-11-25'

/**
 * Describes what the desk answers when it is asked what it offers, without asking it: a test holds
 * the two together.
 */
export function describeDesk(): McpDescription {
  return {
    protocolVersion: REVISION,
    server: { ...SERVER, instructions: INSTRUCTIONS, offers: [] },
    tools: TOOLS.map(asJson),
    prompts: PROMPTS.map(asJson),
    resources: [asJson(HANDBOOK)],
    resourceTemplates: [asJson(NOTE_TEMPLATE)],
    offersResources: true,
  }
}

function asJson(value: object): JsonObject {
  const json: Json = parseJson(JSON.stringify(value))
  if (!(json instanceof Map)) throw new TypeError('not an object')
  return json
}
