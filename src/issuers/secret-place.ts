/** Where the secret that introspection is asked with is sealed to. */
export function secretPlace(name: string): string {
  return `trusted_issuers/${name}/secret`
}
