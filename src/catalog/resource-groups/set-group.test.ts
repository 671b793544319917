import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { selectResource } from '../catalog/catalog-store.ts'
import { catalogParts } from '../catalog/testing.ts'
import { applyImport } from '../catalog-changes/import/apply-import.ts'
import { planServer, tool } from '../catalog-changes/mcp/testing.ts'
import {
  removeResource,
  resumeResource,
  setConnection,
  suspendResource,
} from '../catalog-changes/suspend-resource.ts'
import { allowConfusables, setGroup } from './set-group.ts'

const BY = 'psn_admin'
const OFFICE = { name: 'office', identifier: 'https://gw.example/office', by: BY }
const GROUP = { kind: 'resource', id: 'office' } as const

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof Problem && error.code === code

forEachEngine('a group of MCP servers', (open) => {
  async function made() {
    const parts = await catalogParts(await open())
    await applyImport(parts, planServer({ tools: [tool('look')] }), BY)
    await setGroup(parts, { ...OFFICE, members: ['desk'] })
    const group = async () => selectResource(parts.storage.read, 'office')
    return { parts, group }
  }

  it('is stored with its members, recorded, and keeps its title', async () => {
    const { group, parts } = await made()
    assert.deepEqual(
      [(await group())?.members, (await group())?.protocol, (await group())?.upstream],
      [['desk'], 'mcp', ''],
    )
    await setGroup(parts, { ...OFFICE, members: ['desk'], title: 'The office' })
    await setGroup(parts, { ...OFFICE, members: ['desk'] })
    assert.equal((await group())?.title, 'The office')
    await allowConfusables(parts, { name: 'office', actions: ['desk.look'], by: BY })
    assert.deepEqual((await group())?.alike, ['desk.look'])
    await setGroup(parts, { ...OFFICE, members: ['desk'] })
    assert.deepEqual((await group())?.alike, ['desk.look'], 'what was let in stays')
  })

  it('ends what rests on it with each change of itself and of its members', async () => {
    const { parts } = await made()
    const acts = [
      () => setGroup(parts, { ...OFFICE, members: ['desk'] }),
      () => suspendResource(parts, { name: 'desk', by: BY, reason: '' }),
      () => resumeResource(parts, { name: 'desk', by: BY, reason: '' }),
      () => removeResource(parts, { name: 'desk', by: BY, reason: '' }),
    ]
    for (const act of acts) {
      const before = await parts.live.view([GROUP])
      await act()
      assert.ok(!parts.live.holds(before), act.toString())
      assert.deepEqual((await parts.live.view([GROUP])).dead, [], 'the group itself is open')
    }
  })

  it('stays suspended when a member changes', async () => {
    const { parts } = await made()
    await suspendResource(parts, { name: 'office', by: BY, reason: '' })
    await suspendResource(parts, { name: 'desk', by: BY, reason: '' })
    await resumeResource(parts, { name: 'desk', by: BY, reason: '' })
    assert.equal((await parts.live.view([GROUP])).dead[0]?.state, 'suspended')
  })

  it('has no credential, no server, and no member that is none', async () => {
    const { parts } = await made()
    const connection = { name: 'office', connection: 'k', by: BY }
    await assert.rejects(setConnection(parts, connection), refusedAs('catalog.bad_resource'))
    const server = planServer(
      { tools: [tool('look')] },
      { name: 'office', identifier: OFFICE.identifier },
    )
    await assert.rejects(applyImport(parts, server, BY), refusedAs('catalog.exists'))
    for (const members of [[], ['office'], ['nobody'], ['desk', 'desk'], Array(33).fill('desk')])
      await assert.rejects(
        setGroup(parts, { ...OFFICE, members }),
        refusedAs('catalog.bad_resource'),
      )
    await removeResource(parts, { name: 'office', by: BY, reason: '' })
    await assert.rejects(
      setGroup(parts, { ...OFFICE, members: ['desk'] }),
      refusedAs('catalog.exists'),
    )
  })
})
