import { threadId } from 'node:worker_threads'
import { Problem } from './problem.ts'

/** Task of a thread in `worker-task.test.ts`; it answers with the number of the thread that did it. */
export type Errand = 'answer' | 'refuse' | 'break' | 'leave' | 'hang'

export function run(errand: Errand): number {
  if (errand === 'refuse') throw new Problem('policy.invalid', `thread ${threadId}`)
  if (errand === 'break') throw new RangeError(`thread ${threadId}`)
  if (errand === 'leave') process.exit()
  while (errand === 'hang');
  return threadId
}
