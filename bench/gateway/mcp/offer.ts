import { type JsonObject, parseJson } from '../../../src/lib/json.ts'
import type { McpDescription } from '../../../src/net/index.ts'

export const SERVER = { name: 'crm', version: '1.0.0' }
export const REVISION = '2025-11-25'
export const CALLED = { name: 'read_customer', arguments: { id: 'c-1042' } } as const
/** What `read_customer` answers, whoever asks. */
export const RESULT = {
  content: [
    { type: 'text', text: '{"id":"c-1042","name":"Example Ltd","tier":"gold","open_orders":3}' },
  ],
} as const

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
]
const ID = {
  type: 'string',
  pattern: '^c-[0-9]{1,9}$',
  maxLength: 16,
  description: 'As search answers it, such as c-1042',
}
const QUERY = { type: 'string', minLength: 1, maxLength: 200 }
const TEXT = { type: 'string', minLength: 1, maxLength: 2000 }
const LIMIT = { type: 'integer', minimum: 1, maximum: 100 }

const VERBS = [
  verb('search', 'Finds every {} that has all words of the query, the newest first.', {
    query: QUERY,
    limit: LIMIT,
  }),
  verb('read', 'Reads one {} with everything that is known about it.', { id: ID }),
  verb('add', 'Adds a {} and answers its number. Nobody is told.', { title: QUERY, text: TEXT }),
  verb('change', 'Changes the text of one {}. What it was before is kept.', { id: ID, text: TEXT }),
  verb('archive', 'Takes one {} out of every list. It can be brought back.', {
    id: ID,
    reason: TEXT,
  }),
]

function verb(name: string, says: string, properties: Readonly<Record<string, object>>) {
  return { name, says, properties, reads: name === 'search' || name === 'read' }
}

/** Fifty tools as servers have them: names, a sentence, a small schema, hints. */
export const TOOLS = VERBS.flatMap(({ name, properties, reads, says }) =>
  NOUNS.map((noun) => ({
    name: `${name}_${noun}`,
    title: `${name.charAt(0).toUpperCase()}${name.slice(1)} a ${noun}`,
    description: says.replace('{}', noun),
    inputSchema: {
      type: 'object' as const,
      properties,
      required: Object.keys(properties).filter((each) => each !== 'limit'),
      additionalProperties: false,
    },
    annotations: { readOnlyHint: reads, destructiveHint: false, openWorldHint: false },
  })),
)

/** What a task is opened for: every tool, and of customers only the one that is read. */
export function wantedAt(gateway: string): readonly object[] {
  const called = actionOf(CALLED.name)
  const detail = (actions: readonly string[], bounds: readonly object[]) => ({
    type: 'remit_call',
    locations: [`${gateway}/${SERVER.name}`],
    actions,
    bounds,
  })
  const others = TOOLS.map(({ name }) => actionOf(name)).filter((name) => name !== called)
  const thisCustomer = { path: '/id', op: 'eq', value: CALLED.arguments.id }
  return [detail([called], [thisCustomer]), detail(others, [])]
}

/** As the catalog names a tool. */
function actionOf(tool: string): string {
  return `${SERVER.name}.${tool.replaceAll('_', '-')}`
}

/** What the server would say about itself if it were asked. */
export function describeOffer(): McpDescription {
  return {
    protocolVersion: REVISION,
    server: SERVER,
    tools: TOOLS.map(asJson),
    prompts: [],
    resources: [],
    resourceTemplates: [],
    offersResources: false,
  }
}

function asJson(value: object): JsonObject {
  const json = parseJson(JSON.stringify(value))
  if (!(json instanceof Map)) throw new TypeError('not an object')
  return json
}
