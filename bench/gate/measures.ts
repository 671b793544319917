/** Measures that are counted for each call. */
export const MEASURES = [
  'signatures',
  'commits',
  'statements',
  'rows',
  'bytes allocated',
  'bytes allocated by the writer',
  'bytes that outlive collections',
  'bytes written',
  'system calls that read',
  'system calls that write',
] as const
export type Measure = (typeof MEASURES)[number]
export type Counts = Readonly<Record<Measure, number>>

export function countsOf(value: (measure: Measure) => number): Counts {
  return Object.fromEntries(MEASURES.map((measure) => [measure, value(measure)])) as Counts // as: all of them
}
