/** A program of others that Remit is tried against, and that npm cannot bring. */
export interface Counterpart {
  /** Name of the counterpart, and of the folder beside this file with its `*.interop.ts`. */
  readonly name: string
  readonly version: string
  /**
   * Brings it here; answers what its tests are told by the environment, and in
   * `REMIT_INTEROP_VERSION` the version that came where `version` does not say it. Throws
   * `UnavailableSource` when this machine cannot have it.
   */
  get(): Promise<Readonly<Record<string, string>>>
}

/** Error that says nothing of Remit or its counterpart: this machine reaches no source of it. */
export class UnavailableSource extends Error {}
