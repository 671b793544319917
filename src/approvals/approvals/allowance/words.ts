import { quoted, visible } from '../../../platform/lib/text/visible.ts'
import type { Pattern, PatternPart } from './pattern.ts'

/** `order_id` for `/order_id`, `to/city` for `/to/city`. */
export function argumentName(path: string): string {
  return visible(path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** `is exactly "1042"`, `is at most 200.00`, `starts with "/reports/"`, `may be anything, or left out`. */
export function describeConstraint(part: PatternPart): string {
  if (part.how === 'any') return 'may be anything, or left out'
  const text =
    part.kind === 'string' || part.kind === 'path' ? quoted(part.text) : visible(part.text)
  if (part.how === 'is') return `is exactly ${text}`
  return part.how === 'at_most' ? `is at most ${text}` : `starts with ${text}`
}

/**
 * Says which calls a pattern means: `orders.refund, where order_id is exactly "1042" and amount is
 * at most 200.00`.
 */
export function patternInWords(action: string, pattern: Pattern): string {
  const parts = pattern.map((part) => `${argumentName(part.path)} ${describeConstraint(part)}`)
  return parts.length === 0
    ? `${action}, without arguments`
    : `${action}, where ${parts.join(' and ')}`
}
