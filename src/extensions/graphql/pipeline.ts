import {
  type GatewayPorts,
  injectCredential,
  type LocatedRequest,
  recordingFailure,
  recordOutcome,
  send,
} from '../../edges/gateway/index.ts'
import { startingWith } from '../../platform/lib/pipeline.ts'
import { decideFields, type TypedFields } from './decide.ts'
import { takeOperation } from './read-operation.ts'

/** Steps of a GraphQL operation after its arrival, in order; from the credential on, those of every HTTP call. */
export const GRAPHQL_CALL = startingWith<LocatedRequest, TypedFields, GatewayPorts>(
  'caller, operation and typed arguments',
  takeOperation,
)
  .next('decision', decideFields)
  .next('credential', recordingFailure(injectCredential))
  .next('send and stream', send)
  .next('outcome', recordOutcome)
