// Lengths of time. Clocks, columns and settings of Remit count in milliseconds, and so do the names without a unit.

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const WEEK = 7 * DAY

// For what a standard or a person counts in another unit: `exp`, `expires_in`, `max-age`; a time of day.

export const MINUTE_SECONDS = 60
export const HOUR_SECONDS = 3_600
export const DAY_SECONDS = 86_400
export const DAY_MINUTES = 1_440
