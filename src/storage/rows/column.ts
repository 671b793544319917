/** Epoch milliseconds. */
export type Millis = number
export type Flag = 0 | 1
/** Canonical JSON. */
export type JsonText = string
