/** A receiver did not accept a message. */
export class DeliveryError extends Error {
  /** True when another attempt cannot help. */
  readonly lasting: boolean
  /** True when the address no longer exists. */
  readonly gone: boolean

  /** Words for people, administrators too: they tell nothing about names and addresses of our network. The message is for the log. */
  readonly told: string

  constructor(
    message: string,
    {
      gone = false,
      lasting,
      told = message,
    }: { readonly lasting: boolean; readonly gone?: boolean; readonly told?: string },
  ) {
    super(message)
    this.told = told
    this.lasting = lasting
    this.gone = gone
  }
}
