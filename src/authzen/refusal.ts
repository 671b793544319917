/** What an enforcement point can show, to one that showed nothing that counts. */
export function challenges(issuer: string): string[] {
  return [`Bearer realm="${issuer}"`, `Basic realm="${issuer}", charset="UTF-8"`]
}
