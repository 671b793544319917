import { threadId } from 'node:worker_threads'
import { Problem } from './problem.ts'
import { answerAside } from './worker-task.ts'

/** Task of a thread in `aside.test.ts`; it answers with the number of the thread that did it. */
export type Errand = 'answer' | 'refuse' | 'break' | 'leave' | 'hang'

answerAside((errand: Errand) => {
  if (errand === 'refuse') throw new Problem('policy.invalid', `thread ${threadId}`)
  if (errand === 'break') throw new RangeError(`thread ${threadId}`)
  if (errand === 'leave') process.exit()
  while (errand === 'hang');
  return threadId
})
