import {
  type ArgumentFault,
  type ArgumentMisfit,
  type ArgumentSchema,
  type GivenArguments,
  type ScalarType,
  type TypedArguments,
  type TypedValue,
  typeArguments as typed,
  typeText,
} from '@remit/engine'
import { visible } from '../../platform/lib/text/visible.ts'

/**
 * Refusal of arguments. `detail` names the fault, never the value. `pointer` leads to it,
 * in catalog names.
 */
export interface ArgumentRefusal {
  readonly ok: false
  readonly reason: `arguments.${ArgumentFault}`
  readonly detail: string
  readonly pointer: string
}

export type TypedResult =
  | { readonly ok: true; readonly arguments: TypedArguments }
  | ArgumentRefusal

/** Types the arguments of a call (`@remit/engine`), with a refusal that people and agents can read. */
export function typeArguments(
  action: { readonly arguments: ArgumentSchema },
  given: GivenArguments,
): TypedResult {
  const result = typed(action, given)
  return result.ok ? result : refusalOf(result)
}

/** Types the text of a scalar, from a path or query, or inside a JSON value. */
export function typeScalar(
  type: ScalarType,
  text: string,
  at: string,
): TypedValue | ArgumentRefusal {
  const result = typeText(type, text, at)
  return 'ok' in result ? refusalOf(result) : result
}

function refusalOf({ fault, pointer, words }: ArgumentMisfit): ArgumentRefusal {
  const subject = pointer === '' ? '' : `\`${visible(pointer)}\` `
  return { ok: false, reason: `arguments.${fault}`, detail: `${subject}${words}`, pointer }
}
