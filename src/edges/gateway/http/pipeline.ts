import { startingWith } from '../../../platform/lib/pipeline.ts'
import type { LocatedRequest } from '../passage.ts'
import type { GatewayPorts } from '../ports.ts'
import { toldToCallers } from '../told-to-callers.ts'
import type { MatchedRequest } from './call-steps.ts'
import { decide } from './decide.ts'
import { injectCredential } from './inject-credential.ts'
import { match, typeRequest } from './match.ts'
import { recordingFailure, recordOutcome } from './record-outcome.ts'
import { send } from './send.ts'
import { takeBody } from './take-body.ts'

/**
 * Steps of an HTTP call after its arrival, in order. Nothing else happens to a call.
 *
 * `decision` is identify → facts → decide → reserve of `calls/`: behind it, proof, approval and
 * intent are durable. A failure from there on is recorded as not sent; a call that was sent is
 * recorded with its outcome.
 */
export const HTTP_CALL = startingWith<LocatedRequest, MatchedRequest, GatewayPorts>(
  'action',
  toldToCallers(match),
)
  .next('caller and whole body', toldToCallers(takeBody))
  .next('typed arguments', toldToCallers(typeRequest))
  .next('decision', decide)
  .next('credential', recordingFailure(injectCredential))
  .next('send and stream', send)
  .next('outcome', recordOutcome)
