import { answerAside } from '../lib/aside.ts'
import { type ImportOptions, planImport } from './plan-import.ts'

answerAside((input: { document: unknown; options: ImportOptions }) =>
  planImport(input.document, input.options),
)
