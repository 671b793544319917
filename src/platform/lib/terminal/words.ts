import { dim, green, red, type Text, text, yellow } from './text.ts'

/** A state in the colour that it deserves. */
export function statusWord(status: string): Text {
  if (status === 'active' || status === 'open') return green(status)
  if (status === 'suspended') return yellow(status)
  return dim(status)
}

/** A level of risk in the colour that it deserves. */
export function riskWord(risk: string): Text {
  if (risk === 'critical' || risk === 'high') return red(risk)
  return risk === 'medium' ? yellow(risk) : text`${risk}`
}

export const TRUST = ['quarantined', 'external', 'partner', 'internal'] as const

/** `3 (internal)` */
export function trustInWords(level: number): string {
  return `${level} (${TRUST[level] ?? 'unknown'})`
}
