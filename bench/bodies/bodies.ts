const MOST = 1024 * 1024
const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const PARTS = 'multipart/form-data; boundary=b'

/** A body, and the operation that takes it. */
export interface WideBody {
  readonly name: string
  /** Path from the gateway's root, or `authzen` and `calls`, which ask about one. */
  readonly to: string
  readonly type: string
  readonly body: string | Buffer
}

function list(count: number, item: (i: number) => string, between = ','): string {
  return Array.from({ length: count }, (_, i) => item(i)).join(between)
}
/** Writes as many items as fit into so many bytes. */
function filled(item: (i: number) => string, between: string, most: number): string {
  const items: string[] = []
  for (let i = 0, size = 0; ; i++) {
    const next = item(i)
    size += Buffer.byteLength(next) + between.length
    if (size > most) return items.join(between)
    items.push(next)
  }
}
const members = (count: number, value = '1') => `{${list(count, (i) => `"m${i}":${value}`)}}`
const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const rpc = (args: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":${args}}}`
const operation = (variables: string) =>
  `{"query":"query ($note: Note) { take(note: $note) }","variables":${variables}}`
const INSIDE = MOST - 1024

const json = (name: string, to: string, body: string): WideBody => ({
  name: `JSON: ${name}`,
  to,
  type: JSON_TYPE,
  body,
})
const form = (name: string, to: string, body: string): WideBody => ({
  name: `form: ${name}`,
  to,
  type: FORM,
  body,
})
const parts = (name: string, to: string, body: string): WideBody => ({
  name: `multipart: ${name}`,
  to,
  type: PARTS,
  body,
})

/** Bodies that were made to take long, each as large as it may be, and some that are larger. */
export function wideBodies(): readonly WideBody[] {
  return [
    json('ordinary, 1 kB', '/wide/open', `{"name":"${'a'.repeat(900)}","size":5}`),
    json(
      'ordinary, 10 kB',
      '/wide/open',
      `{"name":"n","rows":[${list(100, (i) => `{"id":${i},"name":"row ${i}","note":"${'x'.repeat(50)}"}`)}]}`,
    ),
    ...[5_000, 10_000, 20_000, 30_000, 45_000, 65_000, 80_000].map((count) =>
      json(`${count} members`, '/wide/any', members(count)),
    ),
    json('65,000 members, open', '/wide/open', members(65_000)),
    json('9,000 members, open', '/wide/open', members(9_000)),
    json(
      '9,000 names in humps, open',
      '/wide/open',
      `{${list(9_000, (i) => `"${'aB'.repeat(40)}${i}":1`)}}`,
    ),
    json('a name of a million humps, open', '/wide/open', `{"${'aB'.repeat(500_000)}":1}`),
    json(
      'names beyond ASCII, open',
      '/wide/open',
      `{${list(3_000, (i) => `"ﷺ${i.toString(36)}":1`)}}`,
    ),
    json('a million escapes', '/wide/any', `["${filled(() => '\\u00e9', '', INSIDE)}"]`),
    json('a million of `\\n`', '/wide/any', `["${filled(() => '\\n', '', INSIDE)}"]`),
    json('130,000 numbers', '/wide/any', `[${list(130_000, () => '1')}]`),
    json('100,000 texts', '/wide/any', `[${list(100_000, (i) => `"${i}"`)}]`),
    json('65,000 empty objects', '/wide/any', `[${list(65_000, () => '{}')}]`),
    json('65,000 empty lists', '/wide/any', `[${list(65_000, () => '[]')}]`),
    json('43,000 objects of a member', '/wide/any', `[${list(32_000, () => '{"a":1}')}]`),
    json('a number of a million digits', '/wide/any', `[${'9'.repeat(INSIDE)}]`),
    json('white space', '/wide/any', `[${' '.repeat(INSIDE)}1]`),
    json('a text of a million letters', '/wide/any', `["${'a'.repeat(INSIDE)}"]`),
    json('a text beyond ASCII', '/wide/any', `["${filled(() => '語', '', INSIDE)}"]`),
    json('a name of a million letters', '/wide/any', `{"${'a'.repeat(INSIDE)}":1}`),
    json(
      '1,000 typed items',
      '/wide/list',
      `{"items":[${list(1_000, (i) => `{"price":"${i}","quantity":${i}}`)}]}`,
    ),
    json(
      '1,000 typed items of 20 members',
      '/wide/list',
      `{"items":[${list(1_000, (i) => `{"price":"${i}",${list(20, (j) => `"x${i}y${j}":1`)}}`)}]}`,
    ),
    json(
      'typed, 120 lists of 1,000 numbers',
      '/wide/matrix',
      `{"rows":[${list(120, () => `[${list(1_000, (i) => `${i % 10}`)}]`)}]}`,
    ),
    json(
      'typed, 9 lists of 1,000 numbers',
      '/wide/matrix',
      `{"rows":[${list(9, () => `[${list(1_000, (i) => `${i % 10}`)}]`)}]}`,
    ),
    json(
      'typed, 1,000 lists of 60 texts',
      '/wide/matrix',
      `{"rows":[${list(1_000, () => `[${list(60, (i) => `${i}`)}]`)}]}`,
    ),
    json('65,000 members, closed', '/wide/closed', members(65_000)),
    form('ordinary, 1 kB', '/wide/form', `name=${'a'.repeat(900)}&size=5`),
    form('a million +', '/wide/form', `name=${'+'.repeat(INSIDE)}`),
    form(
      'a million + in names',
      '/wide/form',
      filled((i) => `${'+'.repeat(95)}${i}=1`, '&', INSIDE),
    ),
    form('escapes', '/wide/form', `name=${filled(() => '%C3%A9', '', INSIDE)}`),
    form('escapes of what needs none', '/wide/form', `name=${filled(() => '%61', '', INSIDE)}`),
    form(
      '10,000 pairs, open',
      '/wide/form',
      filled((i) => `m${i}=1`, '&', 1e5)
        .split('&')
        .slice(0, 10_000)
        .join('&'),
    ),
    form(
      '10,000 pairs of 100 bytes, open',
      '/wide/form',
      list(9_900, (i) => `m${i}=${'%C3%A9'.repeat(14)}`, '&'),
    ),
    form(
      '10,000 pairs, closed',
      '/wide/closed-form',
      list(10_000, (i) => `m${i}=1`, '&'),
    ),
    form(
      '90,000 pairs',
      '/wide/form',
      list(90_000, (i) => `m${i}=1`, '&'),
    ),
    form(
      '10,000 times one list',
      '/wide/form',
      list(10_000, () => 'tags=a', '&'),
    ),
    form(
      '10,000 pairs in brackets',
      '/wide/deep-form',
      list(10_000, (i) => `metadata[m${i}]=1`, '&'),
    ),
    form(
      '1,000 records in brackets',
      '/wide/deep-form',
      list(1_000, (i) => `items[${i}][price]=1&items[${i}][quantity]=${i}`, '&'),
    ),
    form('brackets, a name of a million', '/wide/deep-form', `metadata${'[a]'.repeat(340_000)}=1`),
    form('a text of a million letters', '/wide/form', `name=${'a'.repeat(INSIDE)}`),
    form('= in values', '/wide/form', `name=${'='.repeat(INSIDE)}`),
    form(
      'names of letters that look alike',
      '/wide/form',
      list(1_400, (i) => `${'%D0%B0'.repeat(6)}${i.toString(36)}=1`, '&'),
    ),
    parts('1,000 parts', '/wide/parts', `${list(990, (i) => part(`m${i}`, 'x'), '')}--b--\r\n`),
    parts(
      'near boundaries',
      '/wide/parts',
      `${part(
        'name',
        filled(() => '\r\n--a', '', INSIDE),
      )}--b--\r\n`,
    ),
    parts('a text of a million', '/wide/parts', `${part('name', 'a'.repeat(INSIDE))}--b--\r\n`),
    parts(
      'a file of a million',
      '/wide/parts',
      `--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${'\r\n'.repeat(INSIDE / 2)}\r\n--b--\r\n`,
    ),
    {
      name: 'bytes: text of 60,000',
      to: '/wide/bytes',
      type: 'text/plain',
      body: 'é'.repeat(30_000),
    },
    {
      name: 'bytes: text of a megabyte',
      to: '/wide/bytes',
      type: 'text/plain',
      body: 'é'.repeat(INSIDE / 2),
    },
    {
      name: 'bytes: 4 MB',
      to: '/wide/bytes',
      type: 'application/octet-stream',
      body: Buffer.alloc(4 * MOST, 7),
    },
    json('MCP: 60,000 members', '/tools', rpc(members(60_000))),
    json('MCP: 9,000 members', '/tools', rpc(members(9_000))),
    json(
      'MCP: 120,000 numbers',
      '/tools',
      rpc(`{"name":"a","list":[${list(120_000, () => '1')}]}`),
    ),
    json('GraphQL: 60,000 members', '/graph', operation(members(60_000))),
    json(
      'GraphQL: 1,000 texts',
      '/graph',
      operation(`{"note":{"tags":[${list(1_000, (i) => `"${i}"`)}]}}`),
    ),
    json(
      'GraphQL: 120,000 texts',
      '/graph',
      operation(`{"note":{"tags":[${list(120_000, () => '"a"')}]}}`),
    ),
    json(
      'GraphQL: a long operation',
      '/graph',
      `{"query":"{ ${filled((i) => `a${i}: take`, ' ', INSIDE - 9_000)} }"}`,
    ),
    json('GraphQL: an operation of brackets', '/graph', `{"query":"${'{a'.repeat(300_000)}"}`),
    json(
      'GraphQL: an operation of commas',
      '/graph',
      `{"query":"{ take ${','.repeat(900_000)} }"}`,
    ),
  ]
}
