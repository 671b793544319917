import { startingWith } from '../../../platform/lib/pipeline.ts'
import { injectCredential } from '../http/inject-credential.ts'
import { recordingFailure, recordOutcome } from '../http/record-outcome.ts'
import { send } from '../http/send.ts'
import type { LocatedRequest } from '../passage.ts'
import type { GatewayPorts } from '../ports.ts'
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
