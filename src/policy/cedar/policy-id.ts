import { policyToJson, templateToJson } from './exact-integers.ts'
import { isTemplate } from './templates/link-text.ts'

/** An annotation, another string, a comment, or the word that ends the annotations. */
const HEAD =
  /@\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\(\s*"([^"\\]*)"\s*\))?|"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|\b(?:permit|forbid)\b/gs

/** The id of one policy, template or link; `undefined` when it has none. */
export function idOf(text: string): string | undefined {
  for (const [token, name, value] of text.matchAll(HEAD)) {
    if (name === 'id' && value !== undefined) return value
    if (token === 'permit' || token === 'forbid') break
  }
  // Written in another way, if there is one: the parser knows them all.
  const parsed = isTemplate(text) ? templateToJson(text) : policyToJson(text)
  return parsed.type === 'success' ? (parsed.json.annotations?.id ?? undefined) : undefined
}
