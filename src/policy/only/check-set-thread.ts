import { answerAside } from '../../lib/aside.ts'
import { checkOnlySet } from './check-set.ts'
import type { OnlySetText } from './only-set.ts'

answerAside((set: OnlySetText) => checkOnlySet(set))
