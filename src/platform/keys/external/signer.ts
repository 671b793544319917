/** Holder of private keys that never come into this process; it signs with them when asked. */
export interface ExternalSigner {
  /**
   * Makes a P-256 key that cannot be taken out. `label`: the name by which operators see it there.
   */
  make(label: string, signal: AbortSignal): Promise<ExternalKey>
  /** Signs with ES256 the data whose SHA-256 is `digest`; the signature is in JOSE form (r ‖ s). */
  sign(reference: string, digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Deletes a key there. It is no error when the key does not exist. */
  destroy(reference: string, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface ExternalKey {
  /** Name of the key there, for `sign`. Opaque. */
  readonly reference: string
  readonly publicJwk: object
}
