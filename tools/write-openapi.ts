// Writes `openapi.json`: the management API and what a task may ask about itself, from the routes that are registered.
// `--check` fails when the file is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import { type ApiParts, addApi, type Operation } from '../src/console/api/index.ts'
import { Explanation } from '../src/console/api-operations/decisions/explanation.ts'
import * as schemas from '../src/console/operation-kit/schemas.ts'
import { OPERATIONS } from '../src/programs/every-operation.ts'

const root = join(import.meta.dirname, '..')
const file = join(root, 'openapi.json')
const { version }: { version: string } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

/** Nouns that have a name of their own in the document, so that generated clients have one type for each. */
const NAMED = {
  AccessRequest: schemas.AccessRequest,
  Action: schemas.Action,
  Agent: schemas.Agent,
  Confirmation: schemas.Confirmation,
  Decision: schemas.Decision,
  Detail: schemas.Detail,
  Explanation: Explanation(schemas),
  KeptDetail: schemas.KeptDetail,
  Limit: schemas.Limit,
  Person: schemas.Person,
  Problem: schemas.ProblemDocument,
  Resource: schemas.Resource,
  Task: schemas.Task,
}

async function describe(): Promise<string> {
  const app = Fastify()
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Remit',
        version,
        description:
          'The management API, which the command line speaks, and what a task may ask about itself. Tokens are issued at `/oauth/token` (see `/.well-known/oauth-authorization-server`); calls go through the gateway.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          session: {
            type: 'http',
            scheme: 'bearer',
            description: 'The session of the command line (`remit login`).',
          },
          machine: {
            type: 'http',
            scheme: 'bearer',
            description:
              'The secret of a machine client of the kind that the operation is for (`remit clients`), or a JWT that it signed (`private_key_jwt`). A secret also as HTTP Basic, with the name of the client.',
          },
          task: {
            type: 'http',
            scheme: 'DPoP',
            description:
              'The task token, with a proof by the key of the task in `DPoP` (RFC 9449).',
          },
        },
      },
    },
  })
  // as: registering routes looks at no parts, only answering does
  addApi(app, {} as ApiParts, OPERATIONS as readonly Operation[])
  await app.ready()
  const document = named(app.swagger())
  await app.close()
  return `${JSON.stringify(document, null, 2)}\n`
}

/** The document with every copy of a named schema replaced by a reference to it. */
function named(document: object): object {
  const names = new Map<string, string>()
  const kept: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(NAMED)) {
    const written = asWritten(schema)
    names.set(JSON.stringify(written), name)
    kept[name] = written
  }
  const refer = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const name = names.get(JSON.stringify(value))
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
    return changed(value, refer)
  }
  const { components, ...rest } = refer(document) as { components: object } // app.swagger() has one
  const own = Object.entries(kept).map(([name, schema]) => [name, changed(schema, refer)])
  return { ...rest, components: { ...components, schemas: Object.fromEntries(own) } }
}

/** Writes schemas as the plugin does: plain JSON, and `enum` of one value for `const`. */
function asWritten(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  const { const: only, ...rest } = schema as { const?: unknown } // any schema
  if (Array.isArray(schema) || only === undefined) return changed(schema, asWritten)
  return { ...rest, enum: [only] }
}

function changed(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([name, inner]) => [name, change(inner)]),
  )
}

const wanted = await describe()
if (process.argv.includes('--check')) {
  const same = readFileSync(file, 'utf8') === wanted
  console.log(same ? 'openapi.json: up to date' : 'openapi.json: out of date; npm run openapi')
  process.exitCode = same ? 0 : 1
} else {
  writeFileSync(file, wanted)
  console.log(`openapi.json: ${wanted.length} bytes`)
}
