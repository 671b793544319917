import { answerAside } from '../lib/worker-task.ts'
import { checkOnlySet } from './check-set.ts'
import type { OnlySetText } from './only-set.ts'

answerAside((set: OnlySetText) => checkOnlySet(set))
