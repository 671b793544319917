import { answerAside } from '../lib/worker-task.ts'
import { parsePolicies } from './parse.ts'

answerAside(parsePolicies)
