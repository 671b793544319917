/** GraphQL: schemas of APIs, the types of their arguments, and operations read as decidable fields. */
export { ArgumentReader } from './argument-type.ts'
export { fieldCall, operationIn, type RootFieldCall } from './field-calls.ts'
export { type GraphqlOperation, NAMED, SELECTED } from './operation.ts'
export { type GraphqlRequest, membersInQuery, readRequest } from './request.ts'
export { readSchema, schemaText } from './schema.ts'
