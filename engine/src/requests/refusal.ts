/** Kinds of faults in the arguments of a request. */
export type ArgumentFault =
  | 'look_alike'
  | 'missing'
  | 'not_allowed'
  | 'out_of_range'
  | 'repeated'
  | 'too_long'
  | 'unexpected_body'
  | 'unknown'
  | 'wrong_kind'

/** `words` name what was found wrong, never the value. `pointer` leads to it, in catalog names, as it came. */
export interface ArgumentMisfit {
  readonly ok: false
  readonly fault: ArgumentFault
  readonly pointer: string
  readonly words: string
}

export function refuse(fault: ArgumentFault, pointer: string, words: string): ArgumentMisfit {
  return { ok: false, fault, pointer, words }
}

/** RFC 6901, shortened: a name that a caller made up must not fill an answer. */
export function memberAt(pointer: string, name: string): string {
  const token = name.slice(0, 128).replaceAll('~', '~0').replaceAll('/', '~1')
  return `${pointer}/${token.toWellFormed()}`
}
