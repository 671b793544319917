import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { mapGroup } from '../../identity/identity-providers/index.ts'
import { ADMINISTRATORS } from '../../identity/people/index.ts'
import { PROVIDER, someone, testPeople, withProvider } from '../../identity/people/testing.ts'
import { openSession } from '../../identity/sessions/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { authorize } from './authenticate.ts'
import type { Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'

const SIGN_IN = { code: 'session.required' }

forEachEngine('the caller of an operation', (open) => {
  let shared: ReturnType<typeof begin> | undefined

  async function begin() {
    const people = await testPeople(await open.shared())
    await withProvider(people, 'support')
    const group = { issuer: PROVIDER, value: 'eng-administrators', group: ADMINISTRATORS }
    await mapGroup(people, { ...group, by: 'operator' })
    const sam = await someone(people, 'sam', ['support'])
    const ada = await someone(people, 'ada', ['administrators'])
    const authTime = people.clock.now()
    const tokenOf = async (personId: string, kind: 'browser' | 'cli' = 'cli') =>
      (await openSession(people, { personId, kind, authTime })).token.reveal()
    const ask = (authorization: string | undefined, who: Operation['who'] = 'person') =>
      authorize(
        { people } as unknown as ApiParts, // as: all that is looked at
        { id: 'tasks.list', who } as Operation, // as: all that is looked at
        { headers: { authorization } } as unknown as FastifyRequest, // as: all that is looked at
      )
    return { ada, ask, sam, tokenOf }
  }
  const ready = () => {
    shared ??= begin()
    return shared
  }

  test('is a person with the session of a command line', async () => {
    const { ask, sam, tokenOf } = await ready()
    const token = await tokenOf(sam.id)
    for (const header of [`Bearer ${token}`, `bearer ${token}`]) {
      const caller = await ask(header)
      assert.equal(caller?.person.id, sam.id)
      assert.equal(caller?.administrator, false)
      assert.equal(caller?.token.reveal(), token)
      assert.equal(caller?.session.kind, 'cli')
    }
  })

  test('is refused without the token of a command-line session', async () => {
    const { ask, sam, tokenOf } = await ready()
    const [cli, browser] = [await tokenOf(sam.id), await tokenOf(sam.id, 'browser')]
    for (const header of [
      ...[
        undefined,
        '',
        cli,
        `Basic ${cli}`,
        `Bearer  ${cli}`,
        `Bearer ${cli} `,
        `x Bearer ${cli}`,
      ],
      ...[`Bearer ${cli}x`, `Bearer ${'A'.repeat(43)}`, 'Bearer x', `Bearer ${browser}`],
    ])
      await assert.rejects(ask(header), SIGN_IN, header)
  })

  test('is an administrator, where the operation is for administrators', async () => {
    const { ada, ask, sam, tokenOf } = await ready()
    const [ours, theirs] = [`Bearer ${await tokenOf(ada.id)}`, `Bearer ${await tokenOf(sam.id)}`]
    const caller = await ask(ours, 'administrator')
    assert.equal(caller?.administrator, true)
    assert.equal((await ask(ours))?.administrator, true)
    await assert.rejects(ask(theirs, 'administrator'), { code: 'api.not_permitted' })
    await assert.rejects(ask(undefined, 'administrator'), SIGN_IN)
  })

  test('is not asked for by an operation for anyone', async () => {
    const { ask } = await ready()
    assert.equal(await ask(undefined, 'anyone'), undefined)
    assert.equal(await ask('Bearer wrong', 'anyone'), undefined)
  })
})
