const answers = { responses: { 200: { description: 'done' } } }
const operation = (operationId: string, content: object) => ({
  post: { operationId, requestBody: { required: true, content }, ...answers },
})
const text = { type: 'string' }
const known = { name: text, size: { type: 'integer' }, tags: { type: 'array', items: text } }
const open = { type: 'object', properties: known, additionalProperties: true }
const closed = { ...open, additionalProperties: false }
const nested = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: true,
    properties: { price: text, quantity: { type: 'integer' } },
  },
}
const deep = { style: 'deepObject', explode: true }
const FORM = 'application/x-www-form-urlencoded'

/** An API that takes bodies of every kind, as wide as a description allows. */
export const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Wide', version: '1' },
  paths: {
    '/open': operation('open', { 'application/json': { schema: open } }),
    '/closed': operation('closed', { 'application/json': { schema: closed } }),
    '/any': operation('any', { 'application/json': {} }),
    '/matrix': operation('matrix', {
      'application/json': {
        schema: {
          ...closed,
          properties: {
            rows: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
          },
        },
      },
    }),
    '/list': operation('list', {
      'application/json': { schema: { ...open, properties: { items: nested } } },
    }),
    '/form': operation('form', { [FORM]: { schema: open } }),
    '/closed-form': operation('closed-form', { [FORM]: { schema: closed } }),
    '/deep-form': operation('deep-form', {
      [FORM]: {
        encoding: { items: deep, metadata: deep },
        schema: {
          type: 'object',
          properties: {
            items: nested,
            metadata: { type: 'object', additionalProperties: text },
          },
        },
      },
    }),
    '/parts': operation('parts', {
      'multipart/form-data': {
        schema: { ...open, properties: { ...known, file: { ...text, format: 'binary' } } },
      },
    }),
    '/bytes': operation('bytes', { 'application/octet-stream': {}, 'text/plain': {} }),
  },
}

/** A tool that takes whatever comes. */
export const TOOL = {
  name: 'take',
  description: 'Takes anything',
  inputSchema: { type: 'object', properties: { name: text } },
}

export const SCHEMA = `
  type Query { take(name: String, note: Note, tags: [String!]): String }
  input Note { text: String, tags: [String!] }
`

/** Name of each API, with the actions that an agent may do there. */
export const ACTIONS = {
  wide: Object.values(DOCUMENT.paths).map(({ post }) => `wide.${post.operationId}`),
  tools: ['tools.take'],
  graph: ['graph.query.take'],
} as const
