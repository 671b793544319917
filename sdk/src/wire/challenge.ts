/** One challenge of `WWW-Authenticate` (RFC 9110 section 11.6.1), its scheme in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y
const SEPARATOR = /[\s,]*/y

/** Every challenge of the header, in order; what cannot be read ends the list. */
export function challengesOf(header: string | null): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  const text = header ?? ''
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at += found[0].length
    return found
  }
  for (;;) {
    take(SEPARATOR)
    const parameter = take(PARAMETER)
    if (parameter) {
      const [, name = '', quoted, plain = ''] = parameter
      const value = quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1')
      challenges.at(-1)?.parameters.set(name.toLowerCase(), value)
      continue
    }
    const scheme = take(TOKEN)
    if (!scheme) return challenges
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() })
  }
}
