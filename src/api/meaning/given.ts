/** Input of an operation. */
export interface OperationInput {
  readonly params: Readonly<Record<string, unknown>>
  readonly body: Readonly<Record<string, unknown>>
}

export type Sentence = (given: OperationInput) => string

/** A value in a sentence; nothing for what is no text, number or answer. */
export function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join(', ')
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
