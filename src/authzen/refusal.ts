/**
 * Credentials that an enforcement point can show, as challenges for one that showed none that
 * counts.
 */
export function challenges(issuer: string): string[] {
  return [`Bearer realm="${issuer}"`, `Basic realm="${issuer}", charset="UTF-8"`]
}
