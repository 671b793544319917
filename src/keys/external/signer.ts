/** Who holds private keys that never come into this process, and signs with them when asked. */
export interface ExternalSigner {
  /** Makes a P-256 key that cannot be taken out. `label`: what operators see it by, there. */
  make(label: string, signal: AbortSignal): Promise<ExternalKey>
  /** ES256 of what has this SHA-256, in JOSE form (r ‖ s). */
  sign(reference: string, digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Deletes a key there. One that is not there is fine. */
  destroy(reference: string, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface ExternalKey {
  /** What it is called there, for `sign`. Opaque. */
  readonly reference: string
  readonly publicJwk: object
}
