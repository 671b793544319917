import { aside } from '../../lib/worker-task.ts'
import type { RuleChange } from './compare.ts'

export type TextWork =
  | { readonly work: 'format'; readonly text: string }
  | { readonly work: 'compare'; readonly before: string; readonly after: string }

const MAX_MS = 60_000
const formatting = aside<TextWork, string>(import.meta.url, 'texts-thread', MAX_MS)
const comparing = aside<TextWork, readonly RuleChange[]>(import.meta.url, 'texts-thread', MAX_MS)

/** `formatText` in a thread of its own. */
export function formatAside(text: string): Promise<string> {
  return formatting({ work: 'format', text })
}

/** `compareTexts` in a thread of its own. */
export function compareAside(before: string, after: string): Promise<readonly RuleChange[]> {
  return comparing({ work: 'compare', before, after })
}
