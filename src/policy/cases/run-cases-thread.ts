import { answerAside } from '../../lib/worker-task.ts'
import { runCases } from './run-cases.ts'

answerAside(runCases)
