import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { publishOnlySet } from '../../../src/extensions/authzen/policy-only/index.ts'
import { inOneWorld } from '../../world.ts'
import {
  ADMIN_BOB,
  ALICE,
  ARCHIVED,
  BOB,
  Pep,
  READ,
  READS,
  RECORD_1,
  RECORD_2,
  WRITE,
} from './pdp.ts'
import { RECORDS } from './records.ts'

type SearchRequest = Parameters<Pep['search']>[0]
interface SearchAnswer {
  readonly results: readonly Readonly<Record<string, unknown>>[]
  readonly page: { readonly next_token: string; readonly count: number }
}

const WHO_READS = { subject: { type: 'user' }, action: READ, resource: RECORD_1 }
const WHAT_ALICE_READS = { subject: ALICE, action: READ, resource: { type: 'record' } }
const CONTEXT = { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' }

/** Certification scenario, Search: the numbers of its sections stand with each test. */
inOneWorld('AuthZEN certification, Search', (world) => {
  let pep: Pep
  before(async () => {
    pep = await Pep.ofRecords(world())
  })

  async function search(sought: SearchRequest, body: object): Promise<SearchAnswer> {
    const answer = await pep.search(sought, body)
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    const found = answer.body as unknown as SearchAnswer // as: looked at below
    assert.ok(Array.isArray(found.results))
    assert.equal(typeof found.page.next_token, 'string')
    assert.equal(found.page.count, found.results.length)
    return found
  }

  async function finds(
    sought: SearchRequest,
    body: object,
    results: readonly object[],
  ): Promise<void> {
    assert.deepEqual((await search(sought, body)).results, results)
  }

  async function refused(sought: SearchRequest, body: object, words: RegExp): Promise<void> {
    const answer = await pep.search(sought, body)
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.text, words)
  }

  it('2.6 the same search gets the same body each time, and a header names its record', async () => {
    for (const [sought, body] of [
      ['subject', WHO_READS],
      ['resource', WHAT_ALICE_READS],
      ['action', { subject: ALICE, resource: RECORD_1 }],
    ] as const) {
      const [first, second] = [await pep.search(sought, body), await pep.search(sought, body)]
      assert.equal(first.text, second.text)
      assert.match(String(first.headers['evaluation-id']), /^dec_/)
      assert.notEqual(first.headers['evaluation-id'], second.headers['evaluation-id'])
    }
  })
  it('4.2.1 subjects (S1)', () => finds('subject', WHO_READS, [ALICE, BOB]))
  it('4.2.2 subjects, with a context', () =>
    finds('subject', { ...WHO_READS, context: CONTEXT }, [ALICE, BOB]))
  it('4.2.3 an id of a subject that is searched for is not looked at', async () => {
    await finds('subject', { ...WHO_READS, subject: ALICE }, [ALICE, BOB])
    await finds('subject', { ...WHO_READS, subject: { ...ALICE, id: 7 } }, [ALICE, BOB])
  })
  it('4.2.4 subjects, by properties of the resource (S4)', () =>
    finds('subject', { ...WHO_READS, action: WRITE, resource: ARCHIVED }, [BOB]))
  it('4.3.1 resources (S2)', () => finds('resource', WHAT_ALICE_READS, [RECORD_1, RECORD_2]))
  it('4.3.2 resources, with a context', () =>
    finds('resource', { ...WHAT_ALICE_READS, context: CONTEXT }, [RECORD_1, RECORD_2]))
  it('4.3.3 an id of a resource that is searched for is not looked at', () =>
    finds('resource', { ...WHAT_ALICE_READS, resource: RECORD_1 }, [RECORD_1, RECORD_2]))
  it('4.3.4 resources, by properties of the subject (S5)', () =>
    finds('resource', { ...WHAT_ALICE_READS, subject: ADMIN_BOB, action: WRITE }, [RECORD_2]))
  it('4.4.1 actions (S3)', () =>
    finds('action', { subject: ALICE, resource: RECORD_1 }, [READ, WRITE]))
  it('4.4.2 actions, with a context', () =>
    finds('action', { subject: ALICE, resource: RECORD_1, context: CONTEXT }, [READ, WRITE]))
  it('4.4.3 actions, by properties (S6)', () =>
    finds('action', { subject: ADMIN_BOB, resource: ARCHIVED }, [READ, WRITE]))

  it('4.5 page by page, everything once', async () => {
    const page = { limit: 1 }
    const first = await search('subject', { ...WHO_READS, page })
    assert.deepEqual(first.results, [ALICE])
    assert.notEqual(first.page.next_token, '')
    // As the scenario asks: the token alone, the limit of before holds.
    const token = first.page.next_token
    const second = await search('subject', { ...WHO_READS, page: { token } })
    assert.deepEqual(second.results, [BOB])
    assert.equal(second.page.next_token, '')
    const same = await search('subject', { ...WHO_READS, page: { token, limit: 1 } })
    assert.deepEqual(same.results, second.results)
    await finds('subject', { ...WHO_READS, page: { limit: 0 } }, [])
    await finds('subject', { ...WHO_READS, page: { limit: 1_000_000 } }, [ALICE, BOB])
    await finds('subject', { ...WHO_READS, page: {} }, [ALICE, BOB])
  })
  it('a token counts for the request it was given for, and for nothing else', async () => {
    const { page } = await search('subject', { ...WHO_READS, page: { limit: 1 } })
    const token = page.next_token
    const other = await Pep.add(world(), 'other', {
      ...{ mode: 'policy-only', policySet: 'records', properties: true },
    })
    for (const body of [
      { ...WHO_READS, action: WRITE, page: { token } },
      { ...WHO_READS, resource: RECORD_2, page: { token } },
      { ...WHO_READS, context: CONTEXT, page: { token } },
      { ...WHO_READS, page: { token, limit: 2 } },
      { ...WHO_READS, page: { token, properties: { sort: 'id' } } },
      { ...WHO_READS, page: { token: `${token}A` } },
      { ...WHO_READS, page: { token: token.toLowerCase() } },
      { ...WHO_READS, page: { token: 'x' } },
    ])
      await refused('subject', body, /search\.bad_page/)
    await refused('resource', { ...READS, page: { token } }, /search\.bad_page/)
    const elsewhere = await other.search('subject', { ...WHO_READS, page: { token } })
    assert.equal(elsewhere.status, 400)
    for (const wrong of [{ token: 7 }, { limit: -1 }, { limit: 1.5 }, { limit: '1' }, []])
      await refused('subject', { ...WHO_READS, page: wrong }, /`page/)
    assert.ok(!Buffer.from(token, 'base64url').toString('latin1').includes('alice'), 'opaque')
  })

  it('4.6.1 an id that nobody has finds nothing', async () => {
    const nobody = { type: 'user', id: 'nonexistent-user' }
    await finds('action', { subject: nobody, resource: RECORD_1 }, [])
    await finds('resource', { ...WHAT_ALICE_READS, subject: nobody }, [])
    await finds('subject', { ...WHO_READS, action: { name: 'launch' } }, [])
  })
  it('4.6.2 a type that is not known finds nothing', async () => {
    await finds('subject', { ...WHO_READS, subject: { type: 'spaceship' } }, [])
    await finds('resource', { ...WHAT_ALICE_READS, resource: { type: 'spaceship' } }, [])
    await finds('action', { subject: ALICE, resource: { type: 'spaceship', id: 'x' } }, [])
  })

  it('4.7.1 and 4.7.2 what each search needs', async () => {
    const { action, resource, subject } = READS
    await refused('subject', { subject: { type: 'user' }, resource }, /`action` is missing/)
    await refused('resource', { action, resource: { type: 'record' } }, /`subject` is missing/)
    await refused('action', { subject }, /`resource` is missing/)
    await refused('subject', { ...WHO_READS, resource: { type: 'record' } }, /`resource.id`/)
    await refused('resource', { ...WHAT_ALICE_READS, subject: { type: 'user' } }, /`subject.id`/)
    await refused('action', { subject: { type: 'user' }, resource }, /`subject.id`/)
    await refused('subject', { ...WHO_READS, subject: {} }, /`subject.type`/)
    await refused('subject', { ...WHO_READS, subject: 'user' }, /`subject` has to be an object/)
  })

  it('finds exactly what an evaluation permits', async () => {
    for (const subject of [ALICE, BOB, ADMIN_BOB])
      for (const action of [READ, WRITE, { name: 'delete' }]) {
        const { results } = await search('resource', {
          subject,
          action,
          resource: { type: 'record' },
        })
        for (const resource of [RECORD_1, RECORD_2]) {
          const { body } = await pep.evaluate({ subject, action, resource })
          const found = results.some(({ id }) => id === resource.id)
          assert.equal(found, body.decision, JSON.stringify({ subject, action, resource }))
        }
      }
  })

  it('many candidates are gone through over several pages, none of them twice', async () => {
    const w = world()
    const ids = Array.from({ length: 12_000 }, (_, i) => `r${String(i).padStart(5, '0')}`)
    const entities = JSON.stringify([
      { uid: ALICE },
      ...ids.map((id, i) => ({
        uid: { type: 'record', id },
        attrs: { status: i % 4_000 === 3_999 ? 'active' : 'archived' },
      })),
    ])
    await publishOnlySet(w.rooms.policy, {
      ...RECORDS,
      entities,
      name: 'many',
      note: '',
      by: 'psn_ada',
    })
    const settings = { mode: 'policy-only', policySet: 'many' } as const
    const wide = await Pep.add(w, 'many', settings)
    const body = { subject: ALICE, action: WRITE, resource: { type: 'record' } }
    const found: unknown[] = []
    let [token, pages] = [undefined as string | undefined, 0]
    do {
      const answer = await wide.search('resource', {
        ...body,
        page: { ...(token ? { token } : {}) },
      })
      const { page, results } = answer.body as unknown as SearchAnswer // as: looked at above
      found.push(...results.map(({ id }) => id))
      token = page.next_token
      pages++
    } while (token !== '')
    assert.deepEqual(found, ['r03999', 'r07999', 'r11999'])
    assert.equal(pages, 3, 'work is bounded for each request')
  })
})
