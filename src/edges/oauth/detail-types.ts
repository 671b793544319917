/** Path at which the shapes of details are told (draft-ietf-oauth-rar-metadata-remediation). */
export const DETAIL_TYPES = '/oauth/authorization-details-types'

const TEXTS = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } as const

/** Contract 2, as a JSON Schema. What the actions and their arguments are, the catalog says; these are the words for it. */
function schemaOf(type: string) {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['type', 'locations', 'actions'],
    additionalProperties: false,
    properties: {
      type: { const: type },
      locations: { ...TEXTS, description: 'identifiers of resources, as in their metadata' },
      actions: { ...TEXTS, description: 'operations of the resources, or groups of them' },
      bounds: {
        type: 'array',
        description: 'all have to hold; one on an argument that a call does not have does not hold',
        items: {
          type: 'object',
          required: ['path', 'op', 'value'],
          additionalProperties: false,
          properties: {
            path: { type: 'string', description: 'JSON Pointer to an argument', pattern: '^/' },
            op: { enum: ['eq', 'in', 'lte', 'gte', 'prefix'] },
            value: {
              description: 'exact text, whatever the type of the argument; a list for `in`',
              oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
            },
          },
        },
      },
    },
  }
}

/** Every type of detail that is understood. */
export function detailTypes(issuer: string) {
  const example = (type: string) => [
    {
      type,
      locations: [`${issuer.replace(/\/\/.*/, '//gateway.example')}/orders`],
      actions: ['orders.refund'],
      bounds: [{ path: '/amount', op: 'lte', value: '100.00' }],
    },
  ]
  return {
    remit_call: {
      version: '1',
      description:
        'What a task may do: calls of these actions at these resources, within the bounds.',
      schema: schemaOf('remit_call'),
      examples: example('remit_call'),
    },
    remit_delegate: {
      version: '1',
      description: 'What a task may hand on to tasks below it. Not at the authorization endpoint.',
      schema: schemaOf('remit_delegate'),
      examples: example('remit_delegate'),
    },
  }
}
