/** Says which algorithms are accepted, and which one came where that is the name of one. */
export function wrongAlgorithm(came: unknown, accepted: readonly string[]): string {
  const isName = typeof came === 'string' && /^[A-Za-z0-9-]{1,16}$/.test(came)
  return `\`alg\` must be ${accepted.join(' or ')}${isName ? `, not \`${came}\`` : ''}`
}
