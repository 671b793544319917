import { planImport } from '../src/catalog/catalog/testing.ts'
import { applyImport, setRisk } from '../src/catalog/catalog-changes/index.ts'
import { addConnection } from '../src/identity/connections/index.ts'
import { Secret } from '../src/platform/lib/secret.ts'
import { publishPolicies } from '../src/policy/policy/index.ts'
import { DESK, REFUND_DESK } from '../src/policy/policy/testing.ts'
import type { Rooms } from '../src/rooms.ts'
import { OPEN_ORDER } from './attacks/json-readers.ts'

/** Credential that the gateway puts in for `echo`; it must turn up nowhere else. */
export const ECHO_SECRET = 'canary-credential-of-the-echo-api'

const text = { type: 'string' }
const path = (name: string) => ({ name, in: 'path', required: true, schema: text })
const query = (name: string, schema: object = text) => ({ name, in: 'query', schema })
const answers = { responses: { 200: { description: 'what it saw' } } }
const thing = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: text,
    size: { type: 'integer' },
    price: { type: 'number' },
    tags: { type: 'array', items: text },
    owner: { type: 'object', additionalProperties: false, properties: { id: text } },
  },
}
/** Encoding of a field as Stripe describes it. */
const DEEP = { style: 'deepObject', explode: true }
const body = { required: true, content: { 'application/json': { schema: thing } } }

/** An API whose answers a test chooses. Outside the trust domain, with a connection. */
export const ECHO_DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Echo', version: '1' },
  paths: {
    '/things': {
      get: {
        operationId: 'list',
        parameters: [query('q'), query('n', { type: 'integer' })],
        ...answers,
      },
      post: { operationId: 'create', requestBody: body, ...answers },
    },
    '/orders': {
      post: {
        operationId: 'order',
        requestBody: { content: { 'application/json': { schema: OPEN_ORDER } } },
        ...answers,
      },
    },
    '/forms': {
      post: {
        operationId: 'form',
        requestBody: {
          required: true,
          content: {
            'application/x-www-form-urlencoded': {
              schema: {
                type: 'object',
                additionalProperties: false,
                required: ['name'],
                properties: {
                  name: text,
                  size: { type: 'integer' },
                  tags: { type: 'array', items: text },
                },
              },
            },
          },
        },
        ...answers,
      },
    },
    '/invoices': {
      post: {
        operationId: 'invoice',
        requestBody: {
          content: {
            'application/x-www-form-urlencoded': {
              encoding: { expand: DEEP, items: DEEP, metadata: DEEP },
              schema: {
                type: 'object',
                properties: {
                  note: text,
                  expand: { type: 'array', items: text },
                  items: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: { price: text, quantity: { type: 'integer' } },
                    },
                  },
                  metadata: { type: 'object', additionalProperties: text },
                  order: {
                    type: 'object',
                    properties: { total: { type: 'number' } },
                  },
                },
              },
            },
          },
        },
        ...answers,
      },
    },
    '/patches': {
      patch: {
        operationId: 'patch',
        requestBody: { content: { 'application/merge-patch+json': { schema: thing } } },
        ...answers,
      },
    },
    '/files': {
      post: {
        operationId: 'upload',
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                type: 'object',
                additionalProperties: false,
                required: ['file'],
                properties: {
                  name: text,
                  size: { type: 'integer' },
                  tags: { type: 'array', items: text },
                  file: { type: 'string', format: 'binary' },
                  pages: {
                    type: 'array',
                    items: { contentMediaType: 'image/png', type: 'string' },
                  },
                },
              },
            },
          },
        },
        ...answers,
      },
    },
    '/bytes': {
      post: {
        operationId: 'put_bytes',
        requestBody: {
          content: { 'application/octet-stream': {}, 'image/*': {}, 'text/plain': {} },
        },
        ...answers,
      },
    },
    '/things/{thing}': {
      get: { operationId: 'read', parameters: [path('thing')], ...answers },
      delete: { operationId: 'delete', parameters: [path('thing')], ...answers },
    },
    '/things/{thing}/parts/{part}': {
      get: { operationId: 'part', parameters: [path('thing'), path('part')], ...answers },
    },
  },
}

export const ECHO_ACTIONS = [
  'echo.list',
  'echo.create',
  'echo.read',
  'echo.delete',
  'echo.part',
  'echo.order',
  'echo.form',
  'echo.invoice',
  'echo.patch',
  'echo.upload',
  'echo.put_bytes',
]

/** The policies of the sample, and: support may do everything with `echo` through any agent; deleting asks finance. */
const POLICIES = `${REFUND_DESK}${DESK}
@id("support-echo") permit (principal in Group::"support", action, resource == Resource::"echo");
@id("agents-echo") permit (principal is Agent, action, resource == Resource::"echo") when { principal.trust >= 1 };
@id("echo-deletions-ask") @requestable("Deleting needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"echo.delete", resource);
@id("echo-owned-ask") @requestable("Things of somebody need the word of finance") @approvers("group:finance") @editable("price, tags")
forbid (principal is Person, action == Action::"echo.create", resource) when { context.args has owner && context.args.owner has id && context.args.owner.id == "asked" };
@id("echo-expansions-ask") @requestable("Charges are shown with the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"echo.invoice", resource) when { context.args has expand && context.args.expand.contains("charge") };
@id("echo-contracts-ask") @requestable("A contract needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"echo.upload", resource) when { context.args.file.filename like "contract*" };
`

/** Puts the API into the catalog, its credential into the vault, and its rules into force. */
export async function addEcho(rooms: Rooms, upstream: string, by: string): Promise<void> {
  await addConnection(rooms.connections, {
    name: 'echo-key',
    kind: 'bearer',
    secret: new Secret(ECHO_SECRET),
    by,
  })
  await importEcho(rooms, { upstream, trusted: false, by })
  await publishPolicies(rooms.policy, { text: POLICIES, by, note: 'for tests' })
}

export async function importEcho(
  rooms: Rooms,
  how: { readonly upstream: string; readonly trusted: boolean; readonly by: string },
): Promise<void> {
  const { by, trusted, upstream } = how
  const plan = planImport(ECHO_DOCUMENT, {
    name: 'echo',
    identifier: `${rooms.gateway}/echo`,
    upstream,
    trusted,
    connection: 'echo-key',
  })
  await applyImport(rooms.connections, plan, by)
  for (const { name, risk } of plan.actions) {
    await setRisk(rooms.connections, { action: name, risk, by })
  }
}
