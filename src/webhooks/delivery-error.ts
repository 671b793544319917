/** A receiver did not accept a message. */
export class DeliveryError extends Error {
  /** True when another attempt cannot help. */
  readonly lasting: boolean
  /** True when the address no longer exists. */
  readonly gone: boolean

  constructor(
    message: string,
    { gone = false, lasting }: { readonly lasting: boolean; readonly gone?: boolean },
  ) {
    super(message)
    this.lasting = lasting
    this.gone = gone
  }
}
