import { isReadableLine } from '../lib/text/hidden.ts'

export const MAX_CLIENT_NAME = 100

/** The text without spaces around it, if it is one line of characters that people can see; else `undefined`. */
export function visibleLine(text: string): string | undefined {
  const line = text.trim()
  const length = [...line].length
  if (length < 1 || length > MAX_CLIENT_NAME) return undefined
  return isReadableLine(line) ? line : undefined
}
