let currencies: ReadonlySet<string> | undefined

/** Tells whether this is a currency of ISO 4217, as the engine's CLDR knows them. */
export function isCurrency(code: string): boolean {
  currencies ??= new Set(Intl.supportedValuesOf('currency'))
  return currencies.has(code)
}

/** Fractional digits of a currency: 2, of some 0 or 3. */
function digitsOf(code: string): number {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: code })
  return format.resolvedOptions().maximumFractionDigits ?? 0
}

/** An amount that was counted in minor units, in the main one: `90000` of EUR is `900.00`. */
export function minorAmount(text: string, code: string): string {
  const digits = digitsOf(code)
  const sign = text.startsWith('-') ? '-' : ''
  const whole = text.slice(sign.length).padStart(digits + 1, '0')
  if (digits === 0) return text
  return `${sign}${whole.slice(0, -digits)}.${whole.slice(-digits)}`
}

const PLAIN = /^-?[0-9]+(?:\.(?<fraction>[0-9]+))?$/
/** More digits than `Intl` writes, and than any amount has. */
const MAX_DIGITS = 40

/**
 * A number as a reader of this language writes it, with its currency's code where it has one. INVARIANT: no digit is left out or
 * rounded; a text that is no plain number stays as it is.
 */
export function localNumber(text: string, locale: string, code?: string): string {
  const plain = PLAIN.exec(text)
  if (!plain || text.length > MAX_DIGITS) return code === undefined ? text : `${text} ${code}`
  const given = plain.groups?.fraction?.length ?? 0
  const digits = Math.max(given, code === undefined ? 0 : digitsOf(code))
  const format = new Intl.NumberFormat(locale, {
    ...(code === undefined ? {} : { style: 'currency', currency: code, currencyDisplay: 'code' }),
    numberingSystem: 'latn',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  // as: text of digits, which `format` reads exactly (ECMA-402 edition 10, "ToIntlMathematicalValue")
  return format.format(text as Intl.StringNumericLiteral)
}
