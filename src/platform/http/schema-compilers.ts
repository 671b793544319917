import { createRequire } from 'node:module'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<
  NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']
>
type Validate = ReturnType<FastifySchemaCompiler<unknown>>

/**
 * Fastify's own compiler of schemas, made when a request is the first to need it, and each schema compiled by the first request to its
 * route: all of them at every start are a fifth of its work, and most are never asked for. Not as a promise: Fastify believes of an
 * asynchronous validator that whatever it answers but `false` is valid.
 */
const buildValidator = (schemas: unknown, options: unknown): FastifySchemaCompiler<unknown> => {
  let compiler: FastifySchemaCompiler<unknown> | undefined
  return (part) => {
    let validate: Validate | undefined
    return (data: unknown) => {
      compiler ??= fastifysOwn()(schemas, options)
      validate ??= compiler(part)
      return validate(data) === true ? true : { error: validate.errors ?? [] }
    }
  }
}

/** Loads the compiler that Fastify would have loaded by itself at its start. */
function fastifysOwn(): typeof buildValidator {
  const fastify = createRequire(import.meta.url).resolve('fastify')
  return createRequire(fastify)('@fastify/ajv-compiler')()
}

/** Answers are typed where they are made; a serializer made from a schema would drop what it does not know. */
const buildSerializer = () => () => (answer: unknown) => JSON.stringify(answer)

// as: Fastify's types speak of what its own compiler is made of; it calls them with a part of a route, and with the value to check.
export const SCHEMA_COMPILERS = { buildValidator, buildSerializer } as unknown as Compilers
