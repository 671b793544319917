import { DAY, HOUR, MINUTE, SECOND, WEEK } from './time-units.ts'

const UNITS = {
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: WEEK,
} as const

/** `30d`, `12h`, `90m` in milliseconds; `undefined` when it is none. */
export function readDuration(given: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smhdw])$/.exec(given) ?? []
  if (count === undefined || unit === undefined) return undefined
  return Number(count) * UNITS[unit as keyof typeof UNITS] // as: the expression allows no other
}

/** `90000` → `1 min`, in the largest unit that it is a whole number of; milliseconds. */
export function durationInWords(ms: number): string {
  for (const [unit, name] of [
    [UNITS.d, 'd'],
    [UNITS.h, 'h'],
    [UNITS.m, 'min'],
  ] as const)
    if (ms >= unit && ms % unit === 0) return `${ms / unit} ${name}`
  return `${ms / SECOND} s`
}

/** `2026-11-29 21:17 UTC`. Takes epoch milliseconds. */
export function utcMinute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
