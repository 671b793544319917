const text = { type: 'string' }
const deep = { style: 'deepObject', explode: true }
const FORM = 'application/x-www-form-urlencoded'
const form = (media: object) => ({ requestBody: { content: { [FORM]: media } }, responses: {} })

/** Some operations in the shape in which Stripe, Twilio and Slack describe theirs. */
export const DOCUMENT = {
  openapi: '3.0.0',
  info: { title: 'Forms', version: '1' },
  paths: {
    '/v1/invoices': {
      post: {
        operationId: 'invoice',
        ...form({
          encoding: { custom_fields: deep, expand: deep, metadata: deep },
          schema: {
            type: 'object',
            properties: {
              customer: { ...text, maxLength: 5000 },
              description: text,
              days_until_due: { type: 'integer' },
              expand: { type: 'array', items: { ...text, maxLength: 5000 } },
              custom_fields: {
                anyOf: [
                  {
                    type: 'array',
                    items: {
                      type: 'object',
                      required: ['name', 'value'],
                      properties: { name: text, value: text },
                    },
                  },
                  { type: 'string', enum: [''] },
                ],
              },
              metadata: {
                anyOf: [
                  { type: 'object', additionalProperties: text },
                  { type: 'string', enum: [''] },
                ],
              },
            },
          },
        }),
      },
    },
    '/v1/charges': {
      get: {
        operationId: 'charges',
        parameters: [
          {
            ...{ in: 'query', name: 'created', ...deep },
            schema: {
              anyOf: [
                { type: 'object', properties: { gte: { type: 'integer' } } },
                { type: 'integer' },
              ],
            },
          },
          { in: 'query', name: 'expand', ...deep, schema: { type: 'array', items: text } },
          { in: 'query', name: 'limit', schema: { type: 'integer' } },
        ],
        ...form({ encoding: {}, schema: { type: 'object', properties: {} } }),
      },
    },
    '/2010-04-01/Accounts/{AccountSid}/Messages.json': {
      post: {
        operationId: 'message',
        parameters: [{ in: 'path', name: 'AccountSid', required: true, schema: text }],
        ...form({
          schema: {
            type: 'object',
            required: ['To'],
            properties: {
              To: text,
              From: text,
              Body: text,
              MediaUrl: { type: 'array', items: { ...text, format: 'uri' } },
            },
          },
        }),
      },
    },
    '/api/chat.postMessage': {
      post: {
        operationId: 'post',
        ...form({
          schema: {
            type: 'object',
            required: ['channel'],
            properties: { channel: text, text, blocks: text },
          },
        }),
      },
    },
  },
}
