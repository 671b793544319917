import { dim, green, type Text, yellow } from './text.ts'

/** A state in the colour that it deserves. */
export function statusWord(status: string): Text {
  if (status === 'active' || status === 'open') return green(status)
  if (status === 'suspended') return yellow(status)
  return dim(status)
}
