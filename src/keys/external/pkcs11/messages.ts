import type { TokenAccess } from './token.ts'

/** Requests to the process with the vendor's library. Sent as structured clones. */
export type SignerQuestion =
  | { readonly ask: 'open'; readonly addon: string; readonly access: TokenAccess }
  | { readonly ask: 'make'; readonly key: string; readonly label: string }
  | { readonly ask: 'sign'; readonly key: string; readonly digest: Uint8Array }
  | { readonly ask: 'destroy'; readonly key: string }

export interface SignerRequest {
  readonly number: number
  readonly question: SignerQuestion
}

export type SignerAnswer =
  | { readonly number: number; readonly value: Uint8Array | undefined }
  /**
   * A failed request. `final`: trying again would be of no use, or do harm; as with a wrong PIN,
   * which locks the token.
   */
  | { readonly number: number; readonly failed: string; readonly final: boolean }
