import { answerAside } from '../lib/aside.ts'
import { planImport } from './plan-import.ts'
import type { ImportOptions } from './plan-resource.ts'

answerAside((input: { document: unknown; options: ImportOptions }) =>
  planImport(input.document, input.options),
)
