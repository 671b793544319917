import { answerAside } from '../../lib/worker-task.ts'
import { packPlan } from '../packed-plan.ts'
import type { ImportOptions } from '../plan-resource.ts'
import { planImport } from './plan-import.ts'

answerAside((input: { document: unknown; options: ImportOptions }) =>
  packPlan(planImport(input.document, input.options)),
)
