import fc from 'fast-check'

/** A body with its media type. */
export interface SentForm {
  readonly type: string
  readonly body: Buffer
}

/** Forms for `/forms` of the echo API that are right, nearly right, or read differently by some parsers. */
export const formTexts = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('name=a', 'name=a+b%20c', 'name=%E2%82%AC', 'size=12'),
      },
      { weight: 3, arbitrary: fc.constantFrom('tags=x', 'tags=%26%3D', 'tags=', 'name=') },
      fc.constantFrom('', 'name', '=a', 'tags[]=x', 'name%00=a', 'name=%', 'name=%ff', 'a;name=b'),
      fc.constantFrom(
        'size=1e3',
        'size=0x1',
        'size=01',
        'NAME=a',
        'n%61me=b',
        'name=a=b',
        'other=1',
      ),
      fc.string({ maxLength: 8 }).map((text) => `name=${text}`),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join('&'))

export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** `formTexts` with media types, of which some are other forms. */
export const oddForms = fc
  .tuple(
    fc.constantFrom(
      FORM_TYPE,
      FORM_TYPE,
      FORM_TYPE,
      `${FORM_TYPE}; charset=utf-8`,
      `${FORM_TYPE}; charset=utf-16`,
      `${FORM_TYPE};x=y`,
    ),
    formTexts,
  )
  .map(([type, text]): SentForm => ({ type, body: Buffer.from(text) }))

const BOUNDARY = 'WebKit-9f2'
const NAME = 'Content-Disposition: form-data; name="name"'
const FILE =
  'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf'
const PAGE = FILE.replace('"file"', '"pages"')
  .replace('a.pdf', 'b (1).png')
  .replace('application/pdf', 'image/png')

/** Contents that look like something else. */
const content = fc.oneof(
  fc.constantFrom(
    '',
    'a & b',
    '\r\n',
    '\n',
    '\r\n\r\n',
    '--',
    `\r\n--${BOUNDARY.slice(0, -1)}\r\n`,
    '%PDF\n\x00\xff\r',
    'a\r\n',
    '\xef\xbb\xbfx',
    '=41=',
    'bmFtZQ==\r\n',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1')),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)

/** Whole parts that are right. */
const part = fc
  .tuple(fc.constantFrom(NAME, FILE, FILE, PAGE, NAME.replace('"name"', '"tags"')), content)
  .map(([head, text]) => `${head}\r\n\r\n${text}`)

/** Pieces of parts that some parsers read and others do not. */
const piece = fc.constantFrom(
  NAME,
  FILE,
  '\r\n\r\n',
  '\r\n',
  '\n',
  '\r',
  ' ',
  '--',
  '"',
  ';',
  '\\',
  '%',
  '\xe9',
  '\x00',
  'a',
  'Content-Type: text/plain',
  'Content-Type: text/plain; charset=utf-16',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: form-data; name=tags',
  'Content-Disposition: form-data; name="tags"; name="name"',
  'Content-Disposition: form-data; name="file"; filename="../b/c.pdf"\r\nContent-Type: image/png',
  'Content-Disposition: form-data; name="file"; filename="a\\"; x=\\".pdf"\r\nContent-Type: image/png',
  'Content-Disposition: form-data; name="file"; filename="a%22.pdf"\r\nContent-Type: image/png',
  'Content-Disposition: form-data; name="file"; filename="=?utf-8?Q?b.pdf?="\r\nContent-Type: image/png',
  `Content-Disposition: form-data; name="file"; filename="a"; filename*=UTF-8''b\r\nContent-Type: image/png`,
  'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: image/png',
  'Content-Disposition: form-data; name="name"\r\nContent-Type: application/json',
  'Content-Disposition: form-data;\r\n name="name"',
  'CONTENT-DISPOSITION:form-data; name="name"',
)
const oddPart = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''))

/** Mostly what is right, and at times something else. */
function mostly(right: string, ...others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
}

const SECOND_FORM = `--\r\n--${BOUNDARY}\r\n${NAME}\r\n\r\nb\r\n--${BOUNDARY}--\r\n`
const parts = fc.oneof(
  { weight: 8, arbitrary: part },
  { weight: 1, arbitrary: oddPart },
  {
    weight: 1,
    arbitrary: fc.tuple(oddPart, content).map(([head, text]) => `${head}\r\n\r\n${text}`),
  },
)

/** Multipart forms for `/files` of the echo API: right, nearly right, or read differently by some parsers. */
export const oddUploads = fc
  .tuple(
    fc.array(parts, { minLength: 1, maxLength: 4 }),
    mostly('\r\n', '\n', ''),
    mostly('--\r\n', '--', '', '--x', SECOND_FORM),
    mostly('', '\r\n', 'x\r\n'),
    mostly(
      BOUNDARY,
      `"${BOUNDARY}"`,
      `${BOUNDARY}; charset=utf-8`,
      `${BOUNDARY}; boundary=b`,
      `b; boundary=${BOUNDARY}`,
    ),
  )
  .map(
    ([all, line, end, before, boundary]): SentForm => ({
      type: `multipart/form-data; boundary=${boundary}`,
      body: Buffer.from(
        `${before}${all.map((each) => `--${BOUNDARY}${line}${each}${line}`).join('')}--${BOUNDARY}${end}`,
        'latin1',
      ),
    }),
  )
