/**
 * Tools for agents that work under Remit: open a task, call APIs as it, let people approve, hand
 * parts on, close it. Web standards only; runs wherever `fetch` and WebCrypto are.
 */
export { askPerson, type Question } from './ask-person.ts'
export {
  AlreadyExecuted,
  ApprovalRequired,
  CallFailed,
  ConsentRequired,
  Denied,
  type PendingApproval,
  type RefusalFacts,
  RemitError,
  SignInRequired,
  UsageError,
} from './errors.ts'
export {
  type Opening,
  type OpeningBase,
  openTask,
  type Redemption,
  redeemTicket,
} from './open-task.ts'
export { refusalsAsResults } from './results.ts'
export {
  type BegunSignIn,
  type RefreshTokens,
  SignIn,
  type SignInOptions,
} from './sign-in.ts'
export type { OnApproval } from './task/approval.ts'
export type { Bound, Budget, Detail } from './task/authority.ts'
export { type ChildWish, Task } from './task/task.ts'
export type { TaskRequestInit } from './task/task-fetch.ts'
export type { AgentIdentity } from './wire/agent.ts'
export type { Fetch, Ports } from './wire/ports.ts'
export { discover, type RemitServer } from './wire/server.ts'
