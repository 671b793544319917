import type { PlainObject } from '../../platform/jose/index.ts'

/** Value of a further claim. A subject is a person by the pair that their provider knows. */
export type FurtherValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly iss: string; readonly sub: string }

/** Claims that a resource wants in its tokens beside ours, by their names. */
export type FurtherClaims = Readonly<Record<string, FurtherValue>>

/** Reads the further claims of a token of ours: we signed them, so that their shape is known. */
export function readFurther({ ext }: PlainObject): { readonly ext?: FurtherClaims } {
  if (typeof ext !== 'object' || ext === null || Array.isArray(ext)) return {}
  return { ext: { ...ext } as FurtherClaims } // as: `furtherClaims` of `facts` wrote it
}
