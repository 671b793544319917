/** Tasks: the unit of delegated work and its tree; how it opens, stops and ends. */

export { closeTask, closeTasks } from './close.ts'
export { closeAllTasks } from './close-all.ts'
export { closeSpent } from './close-spent.ts'
export { closeUnanswered } from './close-unanswered.ts'
export { endBasis, endConsentsOf } from './end-basis.ts'
export {
  FOREIGN_GUARD,
  findForeignTask,
  foreignTokenStep,
  forgetForeignTokens,
} from './foreign-token-store.ts'
export { idleAgents, unusedClients } from './idle-agents-store.ts'
export { closeTasksIn, TaskKeeper } from './keep.ts'
export { listTasks } from './list-tasks.ts'
export { KEY_GUARD, openSteps, usableKeyStep } from './open.ts'
export { resumeTask, suspendTask } from './suspend.ts'
export {
  checkPurpose,
  type OpeningKind,
  TASK_LIFE,
  type Task,
  type TaskLineage,
  type TaskParts,
} from './task.ts'
export {
  ancestorsOf,
  countUnclosed,
  findTask,
  findTaskByKey,
  openTree,
  type TasksOf,
  type TaskTree,
  treeOf,
  unclosedTasks,
} from './task-store.ts'
export { IDLE_GUARD, TaskUses } from './task-use.ts'
export { hasRoomForChild, joinTreeSteps, LINE_GUARD, TREE_LIMITS } from './tree-store.ts'
export { voidTokens } from './void-tokens.ts'
