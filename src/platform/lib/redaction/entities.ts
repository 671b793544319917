/** HTML names of the printable ASCII characters that are neither letter nor digit. */
const NAMES: Readonly<Record<string, string>> = {
  '!': 'excl',
  '"': 'quot QUOT',
  '#': 'num',
  $: 'dollar',
  '%': 'percnt',
  '&': 'amp AMP',
  "'": 'apos',
  '(': 'lpar',
  ')': 'rpar',
  '*': 'ast midast',
  '+': 'plus',
  ',': 'comma',
  '.': 'period',
  '/': 'sol',
  ':': 'colon',
  ';': 'semi',
  '<': 'lt LT',
  '=': 'equals',
  '>': 'gt GT',
  '?': 'quest',
  '@': 'commat',
  '[': 'lsqb lbrack',
  '\\': 'bsol',
  ']': 'rsqb rbrack',
  '^': 'Hat',
  _: 'lowbar UnderBar',
  '`': 'grave DiacriticalGrave',
  '{': 'lcub lbrace',
  '|': 'vert verbar VerticalLine',
  '}': 'rcub rbrace',
}

/** The character that an entity stands for, by its name. */
export const ENTITIES: ReadonlyMap<string, number> = new Map(
  Object.entries(NAMES).flatMap(([sign, names]) =>
    names.split(' ').map((name) => [name, sign.charCodeAt(0)] as const),
  ),
)

export const MAX_ENTITY = Math.max(...Array.from(ENTITIES.keys(), (name) => name.length))
