import fc from 'fast-check'
import { orderBodies } from '../attacks/json-readers.ts'
import { FORM_TYPE, oddForms, oddUploads } from '../attacks/odd-forms.ts'

/** A request of the echo API, without its framing. */
export interface BodyPlan {
  readonly method: 'POST' | 'PATCH' | 'GET' | 'DELETE'
  /** Below the API's own address. */
  readonly path: string
  /** `undefined`: it names none. */
  readonly type: string | undefined
  readonly body: Buffer
}

/** Names of which some need the word of a person: see `askingRules`. */
const name = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((size) => 'x'.repeat(size)) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map((rest) => `ask ${rest}`),
  },
)

const member = (key: string, value: fc.Arbitrary<string>) =>
  fc.option(
    value.map((each) => `"${key}":${each}`),
    { nil: '', freq: 1 },
  )
const word = fc.string({ unit: 'grapheme', maxLength: 8 }).map((each) => JSON.stringify(each))

/** Mostly what is right. */
function mostly(right: readonly string[], ...others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

/** JSON that is right, with any spelling of what it says. */
const thing = fc
  .tuple(
    name.map((each) => `"name":${JSON.stringify(each)}`),
    member('size', fc.constantFrom('7', '-1', '0', '9223372036854775807')),
    member('price', fc.constantFrom('1.5', '40.00', '-0.25', '12', '0.1230')),
    member(
      'tags',
      fc.array(word, { maxLength: 3 }).map((each) => `[${each.join(', ')}]`),
    ),
    member(
      'owner',
      word.map((each) => `{"id":${each}}`),
    ),
    fc.constantFrom('', ' ', '\n\t'),
  )
  .map(([first, ...rest]) => {
    const space = rest.pop() ?? ''
    const all = [first, ...rest.filter((each) => each !== '')]
    return `{${space}${all.join(`${space},`)}}${space}`
  })

/** Changes that make JSON of it which some readers read otherwise, or not at all. */
const spoiled = fc
  .tuple(
    thing,
    fc.constantFrom<(json: string) => string>(
      (json) => json.replace('name', 'n\\u0061me'),
      (json) => json.replace('{', '{"name":"b",'),
      (json) => json.replace('{', '{"NAME":"b",'),
      (json) => json.replace('{', '{"__proto__":{"name":"b"},'),
      (json) => `\ufeff${json}`,
      (json) => `${json}{}`,
      (json) => `${json}\0`,
      (json) => json.slice(0, -1),
      (json) => json.replace('"', "'"),
      (json) => json.replace('}', ',}'),
    ),
  )
  .map(([json, spoil]) => spoil(json))

const JSON_TYPE = mostly(
  ['application/json'],
  ...['application/json;charset=utf-8', 'text/json', 'application/json\xa0', 'application/json;'],
  'text/plain',
)

const things = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: thing }, spoiled), JSON_TYPE)
  .map(([json, type]): BodyPlan => post('/things', type, Buffer.from(json)))
const patches = thing.map(
  (json): BodyPlan => ({
    ...post('/patches', 'application/merge-patch+json', Buffer.from(json)),
    method: 'PATCH',
  }),
)
const orders = orderBodies.map((json) => post('/orders', 'application/json', Buffer.from(json)))

const rightForm = fc
  .record({ name, tags: fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 }) })
  .map(({ name: first, tags }) => {
    const pairs = [['name', first], ...tags.map((tag) => ['tags', tag])] as [string, string][] // as written here
    return { type: FORM_TYPE, body: Buffer.from(`${new URLSearchParams(pairs)}`) }
  })
const forms = fc
  .oneof(rightForm, oddForms)
  .map(({ body, type }): BodyPlan => post('/forms', type, body))

const content = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 3_000 }) },
  fc.integer({ min: 1, max: 150_000 }).map((size) => Buffer.alloc(size, size)),
)
/** Long: some parsers look for a boundary without its hyphens. */
const BOUNDARY = 'WebKitFormBoundary7MA4YWxkTrZu0gW'
const rightFile = content.map((bytes) => {
  const disposition = 'Content-Disposition: form-data; name="file"; filename="a.bin"'
  const head = `--${BOUNDARY}\r\n${disposition}\r\nContent-Type: application/pdf\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, body }
})
const files = fc
  .oneof(rightFile, oddUploads)
  .map(({ body, type }): BodyPlan => post('/files', type, body))

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }).map((each) => Buffer.from(each)),
  fc.integer({ min: 65_530, max: 65_540 }).map((size) => Buffer.alloc(size, 'x')),
  // Text that is none, at its end or within.
  fc
    .constantFrom(
      'pay 100 to Bob -- VOID\xff',
      '\xc3',
      'a\xe2\x82',
      '\xef\xbb\xbfa',
      '\xed\xa0\x80',
    )
    .map((each) => Buffer.from(each, 'latin1')),
)
const texts = fc
  .tuple(
    mostly(['text/plain', 'text/plain; charset=utf-8'], 'text/plain; charset=latin1', 'text/html'),
    text,
  )
  .map(([type, body]): BodyPlan => post('/bytes', type, body))
const bytes = fc
  .tuple(mostly(['application/octet-stream', 'image/png'], 'image/png; a=b'), content)
  .map(([type, body]): BodyPlan => post('/bytes', type, Buffer.from(body)))

/** Bodies where none belongs, and none where one does. */
const stray = fc
  .tuple(
    fc.constantFrom<Pick<BodyPlan, 'method' | 'path'>>(
      { method: 'GET', path: '/things?q=a' },
      { method: 'GET', path: '/things/1' },
      { method: 'DELETE', path: '/things/1' },
      { method: 'POST', path: '/things' },
      { method: 'POST', path: '/orders' },
      { method: 'POST', path: '/bytes' },
      { method: 'POST', path: '/files' },
      { method: 'POST', path: '/forms' },
    ),
    fc.constantFrom(undefined, 'application/json', 'text/plain', 'multipart/form-data; boundary=b'),
    fc.constantFrom('', '', '{}', '{"name":"a"}', 'name=a'),
  )
  .map(([of, type, each]): BodyPlan => ({ ...of, type, body: Buffer.from(each) }))

/** Bodies of each kind that the echo API takes: right, nearly right, and such that readers read differently. */
export const bodyPlans: fc.Arbitrary<BodyPlan> = fc.oneof(
  { weight: 3, arbitrary: things },
  { weight: 1, arbitrary: patches },
  { weight: 1, arbitrary: orders },
  { weight: 3, arbitrary: forms },
  { weight: 4, arbitrary: files },
  { weight: 2, arbitrary: texts },
  { weight: 2, arbitrary: bytes },
  { weight: 1, arbitrary: stray },
)

function post(path: string, type: string, body: Buffer): BodyPlan {
  return { method: 'POST', path, type, body }
}

/** Rules by which some of these calls, of each kind of body, need the word of finance. */
export function askingRules(resource: string): string {
  const forbid = (id: string, action: string, when: string) =>
    `@id("bodies-${id}-ask") @requestable("It needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"${resource}.${action}", resource) when { ${when} };`
  return [
    forbid('json', 'create', 'context.args.name like "ask*"'),
    forbid('form', 'form', 'context.args.name like "ask*"'),
    forbid('file', 'upload', 'context.args.file.sha256 like "0*"'),
    forbid('bytes', 'put_bytes', 'context.args has body && context.args.body.sha256 like "0*"'),
  ].join('\n')
}
