import { answerAside } from '../lib/aside.ts'
import { parsePolicies } from './parse.ts'

answerAside(parsePolicies)
