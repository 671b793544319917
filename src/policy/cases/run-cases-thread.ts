import { answerAside } from '../../lib/aside.ts'
import { runCases } from './run-cases.ts'

answerAside(runCases)
