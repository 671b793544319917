/** Calls that MCP servers go on with as tasks of their own (Tasks extension), and what it takes to ask about them. */
export { MAX_OPEN_TASKS, type ServerTask, taskEndOfLife } from './server-task.ts'
export {
  countOpenTasks,
  endTaskStep,
  extendTask,
  findServerTask,
  forgetServerTasks,
  forgetTaskStep,
  insertTaskStep,
  MCP_TASKS_SEALED,
  overdueTasks,
} from './server-task-store.ts'
