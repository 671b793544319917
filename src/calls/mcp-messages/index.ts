/** Words of MCP: what servers answer and ask, read and cleaned; answers, tasks and refusals, written for clients. */

export { forwardedAnswer, reshaped } from './forwarded-answer.ts'
export { readCursor, writeCursor } from './list-cursor.ts'
export { logLevelOf, logMessage, SessionLog } from './log-messages.ts'
export { printedTexts } from './printed-texts.ts'
export { keptText, readKept, repeatedAnswer, toldOfTask } from './repeated-answer.ts'
export { RpcAnswer, rpcError } from './rpc-answer.ts'
export { scrub } from './scrub.ts'
export {
  askable,
  MAX_ROUNDS,
  mayBeAsked,
  passedQuestion,
  readQuestions,
  type ServerQuestions,
} from './server-questions.ts'
export { serverInfo, statelessAnswer } from './stateless-answer.ts'
export {
  readTaskAnswer,
  readTaskId,
  serverWords,
  type TaskAnswer,
  taskCreatedBy,
} from './task-answer.ts'
export {
  askingTask,
  createdTask,
  endedTask,
  isTask,
  openTaskResult,
  shownRequest,
  shownServerTask,
} from './task-results.ts'
export { callError, exact, failedCall, META, notExecuted, toolError } from './tool-error.ts'
