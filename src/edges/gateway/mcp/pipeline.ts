import { startingWith } from '../../../platform/lib/pipeline.ts'
import { checkCaller } from '../check-caller.ts'
import type { LocatedRequest } from '../passage.ts'
import type { CallRequest, ResolvedCall } from './call-steps.ts'
import { decide } from './decide.ts'
import { findAction } from './find-action.ts'
import { findConversation } from './find-conversation.ts'
import { finish } from './finish.ts'
import { waitForPeople } from './people/wait-for-people.ts'
import type { McpPorts } from './ports.ts'
import { keepSubscription } from './streams/subscribe.ts'
import { takeMessage } from './take-message.ts'
import { keepServerTask } from './tasks/keep-server-task.ts'
import { checkTransport } from './transport.ts'
import { typeCall } from './type-call.ts'
import { injectServerCredential } from './upstream/inject-credential.ts'
import { send } from './upstream/send.ts'

/**
 * Steps of every MCP message after its arrival, in order. The sender is checked before the body is
 * waited for, and the owner of the session once the kind of message is known.
 */
export const MCP_MESSAGE = startingWith<LocatedRequest, LocatedRequest, McpPorts>(
  'transport',
  checkTransport,
)
  .next('caller', checkCaller)
  .next('whole message', takeMessage)
  .next('session', findConversation)

/**
 * Steps of `tools/call`, `prompts/get`, `resources/read` and their like, in order. Nothing else happens to a
 * call.
 *
 * `decision` is identify → facts → decide → reserve of `calls/`, and so is the decision after
 * people's answer: behind it, proof, approval and intent are durable. A failure from there on is
 * recorded as not sent; a call that was sent is recorded with its outcome, or kept as a task of its
 * server, whose end records it.
 */
export const MCP_CALL = startingWith<CallRequest, ResolvedCall, McpPorts>('action', findAction)
  .next('typed arguments', typeCall)
  .next('decision', decide)
  .next('people', waitForPeople)
  .next('credential', injectServerCredential)
  .next('send', send)
  .next('subscription', keepSubscription)
  .next('task of the server', keepServerTask)
  .next('outcome and answer', finish)
