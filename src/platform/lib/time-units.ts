// Lengths of time. The first five are in milliseconds, as clocks, columns and settings of Remit are.

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const WEEK = 7 * DAY

/** Time before an end (of a credential, a certificate, a certification) from which Remit says that it is near. */
export const NEAR_END = 14 * DAY

// Standards count in seconds (`exp`, `expires_in`, `max-age`), and a time of day in minutes.

export const MINUTE_SECONDS = 60
export const HOUR_SECONDS = 3_600
export const DAY_SECONDS = 86_400
export const DAY_MINUTES = 1_440

/** Days of the week, as sponsor grants name them, from Monday on. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]
