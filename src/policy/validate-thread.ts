import { answerAside } from '../lib/worker-task.ts'
import { examinePolicies } from './validate.ts'

answerAside(({ text, schema }: { text: string; schema: string }) => examinePolicies(text, schema))
