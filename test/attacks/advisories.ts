/**
 * Advisory about another product that concerns an authorization server: its peer, its id, and the
 * row of the table that it belongs to.
 */
export interface Advisory {
  readonly peer: string
  readonly id: string
  readonly row: string
}

const of = (peer: string, ...known: readonly (readonly [id: string, row: string])[]): Advisory[] =>
  known.map(([id, row]) => ({ peer, id, row }))

export const ADVISORIES: readonly Advisory[] = [
  ...of(
    'Keycloak',
    ['CVE-2026-1035', 'O6'],
    ['CVE-2026-9802', 'O6'],
    ['CVE-2026-8922', 'O15'],
    ['CVE-2026-9798', 'O15'],
    ['CVE-2026-11800', 'T1'],
    ['CVE-2026-4636', 'O13'],
    ['CVE-2026-7571', 'O13'],
    ['CVE-2026-9689', 'O12'],
    ['GHSA-gv94-wp4h-vv8p', 'D3'],
  ),
  ...of(
    'ZITADEL',
    ['GHSA-xqxv-4jc2-x56x', 'O5'],
    ['CVE-2026-27840', 'T4'],
    ['CVE-2026-27945', 'M1'],
    ['CVE-2026-55671', 'M1'],
  ),
  ...of('MCP Registry', ['CVE-2026-44430', 'M1']),
  ...of(
    'better-auth',
    ['CVE-2026-45364', 'O16'],
    ['GHSA-xg6x-h9c9-2m83', 'O15'],
    ['#9198', 'O15'],
    ['#9226', 'O1'],
    ['#9993', 'O4'],
    ['#10150', 'O4'],
    ['#10065', 'O9, O10'],
  ),
  ...of('oauth2-proxy', ['GHSA-f24x', 'O7'], ['GHSA-c5c4', 'T6']),
  ...of('Ory Hydra', ['GHSA-3p3g-vpw6-4w66', 'O14']),
  ...of('Ory', ['v26.2.5', 'T7']),
  ...of('Microsoft', ['CVE-2025-55241', 'X1']),
  ...of(
    'OpenClaw',
    ['CVE-2026-33579', 'X2'],
    ['GHSA-4jpw-hj22-2xmc', 'X2'],
    ['GHSA-whf9-3hcx-gq54', 'X2'],
    ['GHSA-rqpp-rjj8-7wv8', 'X2'],
    ['GHSA-fqw4-mph7-2vr8', 'X2'],
  ),
  ...of('OpenFGA', ['CVE-2026-55170', 'O5'], ['CVE-2026-55689', 'T6']),
  ...of(
    'SPIRE',
    ['join tokens', 'O4'],
    ['verified and parsed', 'T4'],
    ['a token without audience, end', 'T6'],
  ),
  ...of('mcp-remote', ['CVE-2025-6514', 'O11']),
  ...of('jose and others', ['bombs in JWE', 'T4']),
  ...of('NocoDB', ['CVE-2026-46554', 'T7']),
  ...of('FirstData', ['#173', 'T7']),
  ...of('Vault', ['CVE-2026-5807', 'O15'], ['CVE-2020-16250', 'X1'], ['CVE-2020-16251', 'X1']),
  ...of('fast-jwt', ['CVE-2026-35039', 'T7']),
  ...of('Hono', ['CVE-2026-22817', 'T1'], ['CVE-2026-22818', 'T1']),
  ...of(
    'jsonwebtoken',
    ['CVE-2022-23529', 'T1'],
    ['CVE-2022-23539', 'T1'],
    ['CVE-2022-23540', 'T1'],
    ['CVE-2022-23541', 'T1'],
  ),
]
