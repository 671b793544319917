import { visible } from '../lib/text/visible.ts'

/** Each is also a problem code, `arguments.<fault>`. */
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

/** `detail` names what was found wrong, never the value. `pointer` leads to it, in catalog names. */
export interface ArgumentRefusal {
  readonly ok: false
  readonly reason: `arguments.${ArgumentFault}`
  readonly detail: string
  readonly pointer: string
}

export function refuse(fault: ArgumentFault, pointer: string, detail: string): ArgumentRefusal {
  const subject = pointer === '' ? '' : `\`${visible(pointer)}\` `
  return { ok: false, reason: `arguments.${fault}`, detail: `${subject}${detail}`, pointer }
}

/** RFC 6901, shortened: a name that somebody made up must not fill an answer. */
export function memberAt(pointer: string, name: string): string {
  const token = name.slice(0, 128).replaceAll('~', '~0').replaceAll('/', '~1')
  return `${pointer}/${token.toWellFormed()}`
}
