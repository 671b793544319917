import type { JsonObject } from '../../../platform/lib/json.ts'
import { textAt } from './document.ts'

/** Signs that a pattern of nothing but numbers is made of, once its escapes are taken out. */
const SIGNS = /^[0-9+\-.,?*(){}|^$[\]!:=<>]*$/
const ESCAPES = /\\[d.+-]/g
/** Texts that no pattern of numbers takes. */
const NO_NUMBERS = ['a', 'aa', 'aaa', '1a', 'a1', '1a1', '-a', '1_1', '1 1', ' ', '0x1', '1e1']

/**
 * Kind of number that a string holds, by its pattern: what programs describe that take a number as text, too, so that no digit is lost
 * (Pydantic's `Decimal`). `undefined`: its texts may be anything else.
 */
export function numberInText(schema: JsonObject): 'integer' | 'decimal' | undefined {
  const pattern = textAt(schema, 'pattern')
  if (pattern === undefined || pattern.length > 256 || schema.has('enum') || schema.has('const'))
    return undefined
  if (!/^\^.*\$$/s.test(pattern) || !SIGNS.test(pattern.replaceAll(ESCAPES, ''))) return undefined
  const takes = matcher(pattern)
  if (!takes?.('1') || NO_NUMBERS.some(takes)) return undefined
  return takes('1.5') || takes('0.25') ? 'decimal' : 'integer'
}

/** The texts are short, so that no pattern takes long. */
function matcher(pattern: string): ((text: string) => boolean) | undefined {
  try {
    const compiled = new RegExp(pattern, 'u')
    return (text) => compiled.test(text)
  } catch {
    return undefined
  }
}
