/** A refusal of the sample API (RFC 9457). */
export class OrdersProblem extends Error {
  readonly status: number

  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.status = status
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request cannot be understood',
  401: 'Who is calling is not known',
  403: 'The call is not the one that was permitted',
  404: 'There is no such thing',
  405: 'The method is not offered',
  409: 'It cannot be done now',
  413: 'The body is too large',
  415: 'The body is not JSON',
}

export function problemBody({ status, message }: OrdersProblem): string {
  return JSON.stringify({
    type: 'about:blank',
    title: TITLES[status] ?? 'Failed',
    status,
    detail: message,
  })
}
