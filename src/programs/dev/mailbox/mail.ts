/** An e-mail that the sample mail server took. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  /** Markup that mail programs show; empty where there is none. */
  readonly html: string
  /** Epoch milliseconds. */
  readonly at: number
}

/** The newest e-mails, the newest first. It forgets the others. */
export class Mailbox {
  readonly #mails: Mail[] = []

  put(mail: Mail): void {
    this.#mails.unshift(mail)
    this.#mails.splice(MAX_MAILS)
  }

  list(to?: string): readonly Mail[] {
    return this.#mails.filter((mail) => to === undefined || mail.to.includes(to))
  }
}

const MAX_MAILS = 100
