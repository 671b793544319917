/** A tool as servers have them: a name, a sentence, a small schema, hints. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: {
    readonly type: 'object'
    readonly properties: Readonly<Record<string, object>>
    readonly required: string[]
    readonly additionalProperties: false
  }
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: false
    readonly openWorldHint: false
  }
}

/** The first is what calls are about. */
const NOUNS = [
  'customer',
  'contact',
  'order',
  'invoice',
  'payment',
  'shipment',
  'ticket',
  'contract',
  'product',
  'supplier',
  'offer',
  'refund',
  'visit',
  'campaign',
  'warehouse',
  'delivery',
  'complaint',
  'warranty',
  'project',
  'branch',
] as const
const ID = {
  type: 'string',
  pattern: '^c-[0-9]{1,9}$',
  maxLength: 16,
  description: 'As search answers it, such as c-1042',
}
const QUERY = { type: 'string', minLength: 1, maxLength: 200 }
const TEXT = { type: 'string', minLength: 1, maxLength: 2000 }
const LIMIT = { type: 'integer', minimum: 1, maximum: 100 }
const DAY = { type: 'string', format: 'date' }

const VERBS = [
  verb('search', 'Finds every {} that has all words of the query, the newest first.', {
    query: QUERY,
    limit: LIMIT,
  }),
  verb('read', 'Reads one {} with everything that is known about it.', { id: ID }),
  verb('count', 'Says how many of {} there were in the days between.', { from: DAY, to: DAY }),
  verb('add', 'Adds a {} and answers its number. Nobody is told.', { title: QUERY, text: TEXT }),
  verb('change', 'Changes the text of one {}. What it was before is kept.', { id: ID, text: TEXT }),
  verb('assign', 'Gives one {} to somebody else, who is told.', { id: ID, person: QUERY }),
  verb('comment', 'Writes a note about one {} that only colleagues see.', { id: ID, text: TEXT }),
  verb('remind', 'Brings one {} up again on a day.', { id: ID, day: DAY }),
  verb('archive', 'Takes one {} out of every list. It can be brought back.', {
    id: ID,
    reason: TEXT,
  }),
  verb('restore', 'Brings one {} back into lists.', { id: ID }),
]

function verb(name: string, says: string, properties: Readonly<Record<string, object>>) {
  return { name, says, properties, reads: ['search', 'read', 'count'].includes(name) }
}

/** Two hundred; the first ten are about customers. */
export const TOOLS: readonly Tool[] = NOUNS.flatMap((noun) =>
  VERBS.map(({ name, properties, reads, says }) => ({
    name: `${name}_${noun}`,
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)} a ${noun}`,
    description: says.replace('{}', noun),
    inputSchema: {
      type: 'object',
      properties,
      required: Object.keys(properties).filter((each) => each !== 'limit'),
      additionalProperties: false,
    },
    annotations: { readOnlyHint: reads, destructiveHint: false, openWorldHint: false },
  })),
)
