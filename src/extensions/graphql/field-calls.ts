import type { TypedArguments } from '@remit/engine'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type GraphqlOperation, type RootField, readOperation } from './operation.ts'
import type { GraphqlRequest } from './request.ts'
import { builtSchema } from './schema.ts'

/** One root field of an operation, with the action that it is. */
export interface RootFieldCall {
  readonly action: Action
  readonly arguments: TypedArguments
}

/** Reads an operation by the schema that was reviewed: the definition of the action for introspection, which no import leaves out. */
export function operationIn(actions: readonly Action[], request: GraphqlRequest): GraphqlOperation {
  const action = actions.find(({ path }) => path === '__schema')
  const json = action?.definition?.json
  if (!action || json === undefined) throw new Error('a GraphQL API has no schema')
  // Written by planGraphqlImport.
  const schema = builtSchema(action, () => (JSON.parse(json) as { readonly schema: string }).schema)
  return readOperation(schema, request)
}

/** Gives the arguments of a root field the types of the catalog. @throws Problem `action.unknown`, `arguments.…` */
export function fieldCall({ given, name }: RootField, actions: readonly Action[]): RootFieldCall {
  const action = actions.find(({ path }) => path === name)
  if (!action) throw new Problem('action.unknown', `\`${name}\` is no operation of the resource`)
  const typed = typeArguments(action, { path: new Map(), query: [], body: given })
  if (typed.ok) return { action, arguments: typed.arguments }
  throw new Problem(typed.reason, typed.detail, { members: { pointer: typed.pointer } })
}
