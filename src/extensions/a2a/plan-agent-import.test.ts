import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromWire } from '../../catalog/catalog-changes/mcp/testing.ts'
import { messageArguments } from './message-arguments.ts'
import { planAgentImport } from './plan-agent-import.ts'

const OPTIONS = {
  name: 'planner',
  identifier: 'http://127.0.0.1:7481/planner',
  upstream: 'https://planner.example',
}
const BINDING = {
  url: 'https://planner.example/rpc',
  protocolBinding: 'JSONRPC',
  protocolVersion: '1.0',
}
const SKILL = {
  id: 'book_trip',
  name: 'Book a trip',
  description: 'Books. It pays, too.',
  tags: [],
}

function cardWith(members: object = {}) {
  return fromWire({
    name: 'Planner',
    description: 'Plans trips.',
    version: '3',
    supportedInterfaces: [BINDING],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [SKILL],
    ...members,
  })
}

function planned(members?: object) {
  return planAgentImport(cardWith(members), OPTIONS)
}

function digests(members?: object): Readonly<Record<string, string>> {
  return Object.fromEntries(planned(members).actions.map(({ digest, name }) => [name, digest]))
}

describe('the card of an agent', () => {
  it('is a resource with an action for each skill, for other messages, and for tasks', () => {
    const { actions, resource } = planned()
    assert.deepEqual(
      actions.map(({ access, method, name, path, risk, riskProposed }) => [
        ...[name, method, path, access, risk, riskProposed],
      ]),
      [
        ['planner.skill-book-trip', 'a2a/skill', 'book_trip', 'write', 'high', true],
        ['planner.send-message', 'a2a/operation', 'SendMessage', 'write', 'high', true],
        ['planner.get-task', 'a2a/operation', 'GetTask', 'read', 'low', true],
        ['planner.cancel-task', 'a2a/operation', 'CancelTask', 'write', 'medium', true],
      ],
    )
    assert.deepEqual(
      [resource.protocol, resource.upstream, resource.title, resource.server],
      [
        ...['a2a', 'https://planner.example/rpc', 'Planner'],
        {
          ...{ name: 'Planner', version: '3', instructions: 'Plans trips.' },
          card: 'https://planner.example',
        },
      ],
    )
    assert.equal(
      actions[0]?.sentence,
      'Book a trip (book_trip[: text {text}][, continues {continues}])',
    )
  })

  it('another word of a skill changes that action alone, and of the card the messages', () => {
    const before = digests()
    const skill = digests({ skills: [{ ...SKILL, description: 'Books, and tells nobody.' }] })
    const card = digests({ description: 'Plans trips, and wars.' })
    const changed = (after: typeof before) =>
      Object.keys(before).filter((name) => before[name] !== after[name])
    assert.deepEqual(changed(skill), ['planner.skill-book-trip'])
    assert.deepEqual(changed(card), ['planner.send-message'])
    assert.deepEqual(changed(digests({ version: '4' })), [])
  })

  it('who signs it is kept with the resource, and a signature of many is refused', () => {
    const signed = (protectedHeader: string) => [{ protected: protectedHeader, signature: 'x' }]
    assert.deepEqual(planned({ signatures: signed('eyJraWQiOiJrMSJ9') }).resource.server?.signers, [
      'eyJraWQiOiJrMSJ9',
    ])
    assert.throws(() => planned({ signatures: signed('x'.repeat(9_000)) }), /signatures/)
  })

  const REFUSED: readonly (readonly [string, object, RegExp])[] = [
    ['of a revision before 1.0', { supportedInterfaces: undefined }, /JSON-RPC interface/],
    [
      'of gRPC alone',
      { supportedInterfaces: [{ ...BINDING, protocolBinding: 'GRPC' }] },
      /JSON-RPC/,
    ],
    [
      'that sends calls to another host',
      { supportedInterfaces: [{ ...BINDING, url: 'https://169.254.169.254/rpc' }] },
      /is not at https:\/\/planner.example/,
    ],
    ['with a tenant', { supportedInterfaces: [{ ...BINDING, tenant: 'acme' }] }, /tenant/],
    [
      'with an extension that is required',
      { capabilities: { extensions: [{ uri: 'x:y', required: true }] } },
      /extension/,
    ],
    ['without a name', { name: 7 }, /`name`/],
    ['with skills that are none', { skills: ['x'] }, /no object/],
    ['with a list that is none', { skills: {} }, /no list/],
    [
      'with very many skills',
      { skills: Array.from({ length: 201 }, (_, n) => ({ ...SKILL, id: `s${n}` })) },
      /more than 200/,
    ],
  ]
  for (const [what, members, words] of REFUSED)
    it(`${what} is refused`, () => {
      assert.throws(() => planned(members), words)
    })

  it('skills with names that nobody can tell apart, or read, are told or left out', () => {
    const { actions, notes } = planned({
      skills: [SKILL, { ...SKILL, id: 'BOOK-TRIP' }, { ...SKILL, id: 'bоok' }],
    })
    assert.equal(actions.filter(({ method }) => method === 'a2a/skill').length, 2)
    assert.match(notes.join('\n'), /easily taken for each other/)
    assert.match(notes.join('\n'), /is left out/)
  })
})

describe('the arguments of a message', () => {
  const read = (...parts: unknown[]) => messageArguments(fromWire({ parts }))

  it('are its text, the kinds of its parts and its links', () => {
    const all = read(
      { text: 'a' },
      { url: 'https://x.example/' },
      { text: 'b' },
      { data: { n: 1 } },
    )
    assert.deepEqual(Object.fromEntries(all ?? []), {
      text: 'a\nb',
      kinds: ['text', 'url', 'data'],
      links: ['https://x.example/'],
    })
  })

  it('parts that are none, or two things at once, have no arguments', () => {
    for (const part of [{}, 'x', { text: 'a', url: 'b' }, { text: 7 }, null])
      assert.equal(read(part), undefined)
    assert.equal(messageArguments(fromWire({ parts: [] })), undefined)
    assert.equal(messageArguments(fromWire({})), undefined)
  })
})
