/** Group whose members may change Remit itself. Always exists. */
export const ADMINISTRATORS = 'administrators'

/** A group of Remit's own. `mappings` says which provider values put people into it. */
export interface Group {
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly mappings: readonly { readonly issuer: string; readonly value: string }[]
}
