import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../../test/refusals.ts'
import { inEachWorld, type World } from '../../../../test/world.ts'
import { planImport } from '../../../catalog/catalog/testing.ts'
import { applyImport } from '../../../catalog/catalog-changes/index.ts'
import { planServer, tool } from '../../../catalog/catalog-changes/mcp/testing.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { type ChangeSummary, readConfirmation } from '../../../identity/sessions/index.ts'
import { OPERATIONS } from '../../../programs/every-operation.ts'

it('every act that is confirmed has a sentence that says what will happen, and no other has one', () => {
  for (const { confirms, id, widens } of OPERATIONS)
    assert.equal(confirms !== undefined, widens, id)
})

async function meant(
  w: World,
  method: string,
  path: string,
  body: unknown,
): Promise<ChangeSummary> {
  const asked = await (await w.api('ada')).send(method, path, body)
  assert.equal(asked.status, 202, asked.text)
  const { id } = asked.body.confirmation as { id: string } // documented
  const { meaning } = await readConfirmation(w.rooms.people, id, (await w.person('ada')).id)
  assert.ok(meaning)
  return meaning
}

inEachWorld(
  'what a confirmation says',
  (world) => {
    it('of an import: what is added, where the API really is, and the risk of each action', async () => {
      const answer = { responses: { 200: { description: 'x' } } }
      const document = {
        openapi: '3.1.0',
        info: { title: 'Notes', version: '1' },
        paths: {
          '/notes': {
            get: { operationId: 'list', ...answer },
            delete: { operationId: 'wipe', ...answer },
          },
        },
      }
      const upstream = 'https://notes.example'
      const said = await meant(world(), 'PUT', '/resources/notes', { document, upstream })
      assert.equal(
        said.sentence,
        'Import the API “Notes” as notes, reached at https://notes.example: 2 actions added',
      )
      assert.deepEqual(said.facts[0], ['Reached at', upstream])
      const changes = said.changes?.map(({ sign, what }) => `${sign} ${what}`) ?? []
      assert.ok(
        changes.some((what) => /^\+ notes\.wipe: new, \w+ risk, DELETE \/notes$/.test(what)),
      )
    })

    it('of proposed risk classes: how each action counts, and how it counted', async () => {
      const w = world()
      const answer = { responses: { 200: { description: 'x' } } }
      const paths = {
        '/a': {
          get: { operationId: 'look', ...answer },
          delete: { operationId: 'wipe', ...answer },
        },
      }
      const servers = [{ url: 'https://risky.example' }]
      const info = { title: 'Risky', version: '1' }
      const identifier = `${w.gateway}/risky`
      const plan = planImport(
        { openapi: '3.1.0', info, servers, paths },
        { name: 'risky', identifier },
      )
      await applyImport(w.rooms.connections, plan, 'operator')
      const risks = [
        { action: 'risky.look', risk: 'low' },
        { action: 'risky.wipe', risk: 'high' },
      ]
      const said = await meant(w, 'POST', '/resources/risky/risks/accept', { risks })
      assert.equal(said.sentence, 'Accept 2 proposed risk classes of risky: 1 low, 1 high')
      assert.deepEqual(
        said.changes?.map(({ what }) => what),
        ['low risk, as until now: risky.look', 'high risk, as until now: risky.wipe'],
      )
      // What a server says of its own tools counts for nothing until somebody accepts it.
      const annotations = { readOnlyHint: true }
      const tools = [tool('look', {}, { annotations })]
      const name = 'tools-of-another'
      const server = planServer({ tools }, { name, identifier: `${w.gateway}/${name}` })
      await applyImport(w.rooms.connections, server, 'operator')
      const [action] = server.actions
      const proposed = [{ action: action?.name, risk: action?.risk }]
      const { changes } = await meant(w, 'POST', `/resources/${name}/risks/accept`, {
        risks: proposed,
      })
      assert.deepEqual(
        changes?.map(({ sign, what }) => [sign, what]),
        [['~', `${name}.look: low risk, counted as high until now`]],
      )
    })

    it('of policies: rule by rule against those in force, and who could do what then', async () => {
      const w = world()
      const text = '@id("all") permit (principal is Person, action, resource);'
      const said = await meant(w, 'POST', '/policies', { text, note: 'open' })
      assert.match(said.sentence, /^Put these policies in force: 1 rule added, \d+ removed$/)
      assert.match(said.against ?? '', /against version \d+ in force/)
      assert.ok(said.changes?.some(({ sign, what }) => sign === '+' && what === 'all: new'))
      assert.ok(said.changes?.some(({ sign }) => sign === '-'))
      const consequences = said.consequences?.join('\n') ?? ''
      assert.match(consequences, /refund-bot could not do .* any more/)
      assert.match(consequences, /\d of \d people could do .*, and could not before/)
    })

    it('O: of policies that would be refused nothing: they are refused at once', async () => {
      const ada = await world().api('ada')
      const answer = await ada.send('POST', '/policies', { text: 'permit (', note: '' })
      assertRefused(answer, 'policy.invalid')
    })

    it('of an agent’s limits: trust and ceiling as they are and as they would be', async () => {
      const w = world()
      const ceiling = [{ type: 'remit_call', locations: [w.orders], actions: ['orders.read'] }]
      const said = await meant(w, 'PUT', '/agents/refund-bot/limits', { ceiling, trust: 1 })
      assert.match(said.sentence, /^Change the limits of the agent refund-bot: trust from \d/)
      assert.match(said.sentence, /to 1 \(external\), 1 action at most \(\d+ before\)$/)
      assert.ok(said.changes?.some(({ sign, what }) => sign === '-' && /orders\.refund/.test(what)))
      assert.match(
        said.consequences?.join() ?? '',
        /^refund-bot could not do (?:[\w.-]+, ){11}[\w.-]+ and \d more any more$/,
      )
      const known = await findAgent(w.rooms.storage.read, 'refund-bot')
      const others = (known?.ceiling ?? []).map(({ actions, locations }) => ({
        ...{ type: 'remit_call', locations },
        actions: actions.filter((action) => action !== 'orders.refund'),
      }))
      const one = await meant(w, 'PUT', '/agents/refund-bot/limits', { ceiling: others })
      assert.deepEqual(one.consequences, ['refund-bot could not do orders.refund any more'])
    })

    it('of a new member of a group: who, and what they could do then', async () => {
      const w = world()
      const { id, name } = await w.person('nils')
      const said = await meant(w, 'PUT', `/groups/support/members/${id}`, undefined)
      assert.equal(said.sentence, `Put ${name} into the group support`)
      assert.match(
        said.consequences?.join() ?? '',
        /^Nils Nobody could do .*, and could not before/,
      )
    })
  },
  { development: false },
)
