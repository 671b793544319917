import { aside } from '../lib/aside.ts'
import type { ImportOptions, ImportPlan } from './plan-resource.ts'

const MOST_MS = 120_000

/** `planImport` in a thread of its own, for servers: a document with thousands of operations takes seconds to read. */
export const planImportAside: (input: {
  readonly document: unknown
  readonly options: ImportOptions
}) => Promise<ImportPlan> = aside(import.meta.url, 'plan-import-thread', MOST_MS)
