/** The request cannot be made of this call. Says why, in words for operators: it may speak of what the call carries. */
export class Unmapped extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'Unmapped'
  }
}
