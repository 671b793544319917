import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Certificate } from 'pkijs'
import { checkConstraints } from './constraints.ts'

const dns = (value: string) => ({ type: 2, value })

/** A certificate as far as its names and constraints are looked at. */
function certificate(
  names: readonly object[],
  permitted: readonly object[] = [],
  excluded: readonly object[] = [],
): Certificate {
  const subtrees = (bases: readonly object[]) => bases.map((base) => ({ base }))
  const extensions = [
    { extnID: '2.5.29.17', parsedValue: { altNames: names } },
    ...(permitted.length === 0
      ? []
      : [
          {
            extnID: '2.5.29.30',
            parsedValue: {
              permittedSubtrees: subtrees(permitted),
              excludedSubtrees: subtrees(excluded),
            },
          },
        ]),
  ]
  return { extensions, subject: { typesAndValues: [] } } as unknown as Certificate // as: only what is looked at
}

const many = (count: number) => Array.from({ length: count }, (_, i) => dns(`h${i}.inside.example`))

test('names and constraints are compared a bounded number of times, and what is beyond is refused', () => {
  const own = (count: number) => certificate(many(count))
  const authority = (count: number) =>
    certificate([], many(count - 1).concat(dns('inside.example')))
  checkConstraints([own(100), authority(100)])
  for (const [names, constraints] of [
    [101, 100],
    [100, 101],
    [10_001, 1],
  ] as const)
    assert.throws(() => checkConstraints([own(names), authority(constraints)]), {
      code: 'certificate.not_trusted',
      detail: /more than 10000 comparisons/,
    })
  // Permitted and excluded bases count together.
  const others = Array.from({ length: 50 }, (_, i) => dns(`h${i}.other.example`))
  const both = (permitted: number) =>
    certificate([], many(permitted - 1).concat(dns('inside.example')), others)
  checkConstraints([own(100), both(50)])
  assert.throws(() => checkConstraints([own(100), both(51)]), {
    detail: /more than 10000 comparisons/,
  })
})

/** Something to compare, by the tag of its GeneralName. */
const named = {
  email: (value: string) => ({ type: 1, value }),
  dns,
  uri: (value: string) => ({ type: 6, value }),
  ip: (...bytes: number[]) => ({
    type: 7,
    value: { valueBlock: { valueHexView: Uint8Array.from(bytes) } },
  }),
  subject: (...parts: string[]) => ({ type: 4, value: { typesAndValues: parts.map(attribute) } }),
  other: (value: string) => ({ type: 8, value }),
}

function attribute(text: string) {
  const [type = '', value = ''] = text.split('=')
  return {
    ...{ type, text, value: { valueBlock: { value } } },
    isEqual: (other: { text: string }) => other.text === text,
  }
}

/** Subtrees of an authority; the names and the subject of who is below it. */
interface NameCase {
  readonly permitted?: readonly object[]
  readonly excluded?: readonly object[]
  readonly names?: readonly object[]
  readonly subject?: readonly string[]
}

/** Tells whether an authority may give the names. */
function may({ permitted, excluded, names = [], subject = [] }: NameCase): boolean {
  const bases = (subtrees: readonly object[] | undefined) => subtrees?.map((base) => ({ base }))
  const holder = {
    extensions: [{ extnID: '2.5.29.17', parsedValue: { altNames: names } }],
    subject: { typesAndValues: subject.map(attribute) },
  }
  const parsedValue = { permittedSubtrees: bases(permitted), excludedSubtrees: bases(excluded) }
  const authority = {
    extensions: [{ extnID: '2.5.29.30', parsedValue }],
    subject: { typesAndValues: [] },
  }
  const path = [holder, authority] as unknown as readonly Certificate[] // as: only what is looked at
  try {
    checkConstraints(path)
    return true
  } catch (error) {
    assert.equal(Object(error).code, 'certificate.not_trusted')
    return false
  }
}

/** Names that are within a base, and names that are not; neither are those that cannot be compared. */
const WITHIN: readonly (readonly [
  object,
  within: readonly object[],
  outside: readonly object[],
])[] = [
  [
    dns('inside.example'),
    [dns('inside.example'), dns('a.inside.example'), dns('A.INSIDE.example')],
    [dns('outside.example'), dns('notinside.example'), dns('example'), dns('inside.example.')],
  ],
  [
    dns('.inside.example'),
    [dns('a.inside.example')],
    [dns('inside.example'), dns('.inside.example')],
  ],
  [dns('INSIDE.example'), [dns('inside.example')], [dns('a..inside.example')]],
  [dns(''), [dns('any.example')], [dns('any.example.'), dns('.any.example')]],
  [
    named.email('inside.example'),
    [named.email('sam@inside.example'), named.email('SAM@Inside.example')],
    [
      ...['sam@a.inside.example', 'sam@outside.example', 'inside.example', 'a@b@inside.example'],
      ...['a@inside.example@b', 'sam@inside.example.'],
    ].map(named.email),
  ],
  [
    named.email('.inside.example'),
    [named.email('sam@a.inside.example')],
    [named.email('sam@inside.example')],
  ],
  [
    named.email('sam@inside.example'),
    [named.email('sam@inside.example')],
    [named.email('amy@inside.example'), named.email('sam@a.inside.example')],
  ],
  [
    named.uri('inside.example'),
    [
      ...['https://inside.example', 'https://inside.example/a', 'spiffe://INSIDE.example?b'],
      ...[
        'https://sam@inside.example:8443/a',
        'https://inside.example#c',
        'a1+.-://inside.example:/',
      ],
    ].map(named.uri),
    [
      ...[
        'https://a.inside.example',
        'https://outside.example',
        'https://inside.example@outside.example',
      ],
      ...[
        'urn:inside.example',
        'x https://inside.example',
        'https://[::1]/',
        'https:///inside.example',
      ],
      ...[
        'https://inside.example:x',
        'https://inside.example:1]',
        '1a://inside.example',
        'https://a@b@inside.example',
      ],
    ].map(named.uri),
  ],
  [
    named.uri('.inside.example'),
    [named.uri('https://a.inside.example/')],
    [named.uri('https://inside.example/')],
  ],
  [
    named.ip(10, 1, 0, 0, 255, 255, 0, 0),
    [named.ip(10, 1, 0, 0), named.ip(10, 1, 255, 255)],
    [named.ip(10, 2, 0, 0), named.ip(11, 1, 0, 0), named.ip(10, 1, 0), named.ip(10, 1, 0, 0, 0)],
  ],
  [named.ip(10, 1, 9, 9, 255, 255, 0, 0), [named.ip(10, 1, 2, 3)], [named.ip(10, 2, 9, 9)]],
  [
    named.subject('O=Acme', 'OU=Ops'),
    [named.subject('O=Acme', 'OU=Ops'), named.subject('O=Acme', 'OU=Ops', 'CN=a')],
    [named.subject('O=Acme'), named.subject('OU=Ops', 'O=Acme'), named.subject('O=Acme', 'OU=Dev')],
  ],
]

test('a name is permitted within a base of its kind, and nowhere else', () => {
  for (const [base, within, outside] of WITHIN) {
    for (const name of within)
      assert.ok(may({ permitted: [base], names: [name] }), text(name, base))
    for (const name of outside)
      assert.ok(!may({ permitted: [base], names: [name] }), text(name, base))
  }
})

test('a name within an excluded base is refused, and so is one that cannot be compared with it', () => {
  for (const [base, within] of WITHIN)
    for (const name of within)
      assert.ok(!may({ excluded: [base], names: [name] }), text(name, base))
  const incomparable: readonly (readonly [object, object])[] = [
    [named.dns('a.'), named.dns('inside.example')],
    [named.email('sam'), named.email('inside.example')],
    [named.email('sam'), named.email('ann@inside.example')],
    [named.email('sam@a@inside.example'), named.email('ann@inside.example')],
    [named.uri('urn:a'), named.uri('inside.example')],
    [named.other('1.2'), named.other('1.2')],
    [{ type: 2, value: {} }, named.dns('a')],
    [named.dns('a'), { type: 2, value: {} }],
    [named.ip(10, 1, 0, 0), named.ip(10, 1, 0)],
    [{ type: 7, value: '10.1.0.0' }, named.ip(10, 1, 0, 0, 255, 255, 0, 0)],
    [named.ip(10, 1, 0, 0), { type: 7, value: '10.1.0.0' }],
    [{ type: 4, value: {} }, named.subject('O=Acme')],
    [named.subject('O=Acme'), { type: 4, value: undefined }],
  ]
  for (const [name, base] of incomparable) {
    assert.ok(!may({ excluded: [base], names: [name] }), text(name, base))
    assert.ok(!may({ permitted: [base], names: [name] }), text(name, base))
  }
})

test('one of several permitted bases is enough, one excluded base is too many, and other kinds do not count', () => {
  const [inside, other] = [dns('inside.example'), dns('other.example')]
  assert.ok(may({ permitted: [other, inside], names: [inside] }))
  assert.ok(!may({ permitted: [inside], names: [inside, other] }))
  assert.ok(may({ permitted: [inside], names: [named.email('sam@other.example')] }))
  assert.ok(
    !may({
      permitted: [inside],
      excluded: [other, dns('a.inside.example')],
      names: [dns('a.inside.example')],
    }),
  )
  assert.ok(may({ excluded: [other], names: [inside, named.email('sam@other.example')] }))
  assert.ok(may({ names: [inside] }))
})

test('the subject of a certificate, and an e-mail address in it, are names, too', () => {
  const subject = ['O=Acme', '1.2.840.113549.1.9.1=sam@inside.example']
  assert.ok(may({ permitted: [named.subject('O=Acme')], subject }))
  assert.ok(!may({ permitted: [named.subject('O=Other')], subject }))
  assert.ok(!may({ excluded: [named.email('inside.example')], subject }))
  assert.ok(may({ excluded: [named.email('other.example')], subject }))
  assert.ok(may({ excluded: [named.email('acme')], subject: ['O=sam@acme'] }))
  assert.ok(may({ permitted: [named.subject('O=Other')], names: [dns('a')] }))
})

test('names and constraints that cannot be read are refused', () => {
  const unread = (extnID: string, parsedValue: object) =>
    [
      {
        extensions: [{ extnID: '2.5.29.17', parsedValue: { altNames: [] } }],
        subject: { typesAndValues: [] },
      },
      { extensions: [{ extnID, parsedValue }], subject: { typesAndValues: [] } },
      { extensions: [{ extnID: '2.5.29.30', parsedValue: { excludedSubtrees: [] } }] },
    ] as unknown as readonly Certificate[] // as: only what is looked at
  const refused = (path: readonly Certificate[], detail: RegExp) =>
    assert.throws(() => checkConstraints(path), { code: 'certificate.not_trusted', detail })
  refused(unread('2.5.29.30', { permittedSubtrees: {} }), /constraints cannot be read/)
  refused(unread('2.5.29.30', { excludedSubtrees: 'x' }), /constraints cannot be read/)
  refused(unread('2.5.29.17', { altNames: {} }), /names cannot be read/)
  checkConstraints(unread('2.5.29.19', {}))
})

function text(name: object, base: object): string {
  return `${JSON.stringify(name)} ${JSON.stringify(base)}`
}
