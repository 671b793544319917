import { answerAside } from '../lib/aside.ts'
import { validatePolicies } from './validate.ts'

answerAside(({ text, schema }: { text: string; schema: string }) => validatePolicies(text, schema))
