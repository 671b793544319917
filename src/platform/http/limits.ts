/** Limits of one request before it is understood. Milliseconds and bytes. */
export const LIMITS = {
  /** A whole header section must have arrived by then; a slow one holds a socket, nothing else. */
  headersTimeout: 10_000,
  /** The whole request, body included. */
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  headerBytes: 16_384,
  headerCount: 100,
  bodyBytes: 1_048_576,
  /** A form of a person: a page of ours sends no more, and much of it comes before anybody is known. */
  formBytes: 262_144,
  /** A path segment that is a parameter. Names and ids are far shorter. */
  parameterLength: 200,
  targetLength: 8_192,
  /** Fields of a form or of a query. */
  fields: 2_000,
} as const
