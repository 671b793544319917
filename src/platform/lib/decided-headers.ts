/**
 * Headers of the caller that are decided, shown and hashed with a call, lower-case names. Remit's
 * gateway forwards no others.
 */
export const DECIDED_HEADERS = [
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'prefer',
] as const
