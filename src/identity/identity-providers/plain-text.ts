/** Characters of a name, an address or a value. */
export const MAX_TEXT = 200

/**
 * A text of another system as it is kept; `undefined`: none, or nothing of it is left. Names are shown to approvers: nothing in them may
 * move, hide or break lines.
 */
export function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, MAX_TEXT)
    .toWellFormed()
  return text === '' ? undefined : text
}

/**
 * Answers a text that rules compare, only where `shortText` would not change it; otherwise
 * `undefined`.
 */
export function plainText(value: unknown): string | undefined {
  const text = shortText(value)
  return text === value ? text : undefined
}
