import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { installOwn } from '../../../tools/install-own.ts'
import { type DocumentServer, serveDocuments } from '../../document-server.ts'
import { deskActions, openDesk } from '../../mcp/stranger.ts'
import { freePorts } from '../../ports.ts'
import { send } from '../../wire.ts'
import { World } from '../../world.ts'
import { complaints, testAuthorizationServer } from './suite.ts'

/** Checks that are no success, by id, each with the reason. None. */
const KNOWN: Readonly<Record<string, string>> = {}

const REVISIONS = ['2025-11-25', '2026-07-28'] as const
const METADATA = 'authorization-server-metadata-endpoint'
const CODE = 'authorization-code-grant'

describe('the conformance suite of MCP, for authorization servers', () => {
  let world: World
  let documents: DocumentServer
  let port = 0

  before(async () => {
    installOwn('test/conformance/mcp', 'the conformance suite of MCP (once; about 50 MB)')
    // What is tested is on the wire; that it is the same on both engines, other tests say.
    world = await World.start('sqlite', { desk: true })
    documents = await serveDocuments()
    world.onStop(() => documents.close())
    await openDesk(world)
    ;[port = 0] = await freePorts(1)
    const { id } = await world.person('ada')
    const about = { trust: 2, ceiling: deskActions(world), ownerId: id, by: id }
    const { agents } = world.rooms
    const redirectHosts = ['localhost']
    await addAdmissionRule(agents, { name: 'this-computer', redirectHosts, ...about })
    const documentHosts = ['localhost']
    await addAdmissionRule(agents, { name: 'documents', documentHosts, redirectHosts, ...about })
  })
  after(() => world?.stop())

  const redirect = () => `http://127.0.0.1:${port}/callback`

  async function registered(): Promise<string> {
    const answer = await send(`${world.issuer}/oauth/register`, {
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify({ client_name: 'Suite', redirect_uris: [redirect()] }),
    })
    return String(answer.body.client_id)
  }

  async function documented(): Promise<string> {
    const client_id = `${documents.origin}/suite.json`
    const said = { client_id, client_name: 'Suite', redirect_uris: [redirect()] }
    documents.put('/suite.json', { ...said, token_endpoint_auth_method: 'none' })
    return client_id
  }

  async function checksOf(revision: string, clientId: string) {
    const found = await testAuthorizationServer({
      ...{ revision, clientId, port, issuer: world.issuer, resource: `${world.gateway}/desk` },
      person: async (page) => {
        const browser = await world.browser('sam')
        // Each revision asks a person.
        return browser.submit(await browser.get(page), /^grant$/, { again: undefined })
      },
    })
    assert.deepEqual([...found.keys()].toSorted(), [CODE, METADATA], 'no scenario is left out')
    for (const [name, checks] of found) assert.ok(checks.length > 0, `${name} checked nothing`)
    return [...found.values()].flat()
  }

  for (const revision of REVISIONS)
    it(`revision ${revision}: every check of a client that registered succeeds`, async () => {
      assert.deepEqual(complaints(await checksOf(revision, await registered()), KNOWN), [])
    })

  it('and of one that is known by its metadata document', async () => {
    assert.deepEqual(complaints(await checksOf('2026-07-28', await documented()), KNOWN), [])
  })

  it('what fails, and what is on the list without need or reason, is complained about', () => {
    const checks = [
      { id: 'a', status: 'SUCCESS' },
      { id: 'b', status: 'FAILURE', errorMessage: 'no' },
      { id: 'c', status: 'WARNING' },
    ] as const
    assert.deepEqual(complaints(checks, { a: 'once it failed', c: ' ' }), [
      'b: FAILURE no',
      'a is a success by now: take it off the list',
      'c is on the list without a reason',
    ])
  })
})
