import { answerAside } from '../../lib/worker-task.ts'
import { compareTexts } from './compare.ts'
import { formatText } from './format.ts'
import type { TextWork } from './texts-aside.ts'

answerAside((work: TextWork) =>
  work.work === 'format' ? formatText(work.text) : compareTexts(work.before, work.after),
)
