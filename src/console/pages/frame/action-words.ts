/**
 * Operations of one word that are acts on their resource. Any other word is taken for a thing:
 * `inventory.stock` is no act.
 */
const VERBS = new Set(
  'accept add approve archive assign book browse call cancel change charge check clear close complete copy count create delete disable edit enable export fetch find get import invite invoice list lock look merge move open order pay ping post preview print publish push put query read refund reject release remove rename reopen replace request reserve reset resolve restore revoke run save schedule search see send set share show sign start stop submit suspend sync transfer unlock update upload validate verify view void watch write'.split(
    ' ',
  ),
)

/** `orders.refund` → `refund orders`; `desk.send-message` → `send message at desk`; `orders.get-order` → `get order`, which says it already. */
export function actionInWords(action: string): string {
  const { resource, words } = partsOf(action)
  const [first = ''] = words
  if (words.some((word) => isSameWord(word, resource))) return words.join(' ')
  if (words.length === 1 && VERBS.has(first)) return `${first} ${resource}`
  return `${words.join(' ')} at ${resource}`
}

/**
 * Says an operation beside words that name its place: `desk.read-note` → `read note`,
 * `inventory.stock` → `stock`.
 */
export function operationInWords(action: string): string {
  const { resource, words } = partsOf(action)
  const [first = ''] = words
  return words.length === 1 && VERBS.has(first) ? `${first} ${resource}` : words.join(' ')
}

export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function partsOf(action: string): { readonly resource: string; readonly words: readonly string[] } {
  const [resource = '', ...operation] = action.split('.')
  const words = operation
    .join(' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_-]+/)
  return { resource: resource.replaceAll('-', ' '), words }
}

/** Compares words in the singular and the plural. */
function isSameWord(word: string, resource: string): boolean {
  return word === resource || isPlural(word, resource) || isPlural(resource, word)
}

function isPlural(many: string, one: string): boolean {
  return many === `${one}s` || many === `${one}es` || many === one.replace(/y$/, 'ies')
}
