import assert from 'node:assert/strict'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { newKey } from '../../signing.ts'
import { World } from '../../world.ts'
import { PythonProject } from './installed.ts'

describe('the package for Python, with a Remit that demands nonces', () => {
  let w: World
  let project: PythonProject
  before(async () => {
    w = await World.start('sqlite', { nonces: 'always' })
    project = await PythonProject.make('NEWEST')
    const file = (name: string) => join(project.folder, name)
    await cp(join(import.meta.dirname, 'strained.py'), file('strained.py'))
    await cp(join(w.data, '..', 'refund-bot.jwk'), file('refund-bot.jwk'))
    await writeFile(file('other-bot.jwk'), JSON.stringify((await newKey()).privateJwk))
  })
  after(async () => {
    await project?.remove()
    await w?.stop()
  })

  it('many calls at once go through; what ended elsewhere, or is not so, is told by its code', async () => {
    const ID_TOKENS = [await w.idToken('sam'), await w.idToken('sam')].join(' ')
    const env = { ID_TOKENS, REMIT_ISSUER: w.issuer, REMIT_GATEWAY: w.gateway }
    const running = project.start(['strained.py'], env)
    const [, id = ''] = await running.says(/end (tsk_\S+)/)
    const closed = await (await w.api('ada')).send('POST', `/tasks/${id}/close`, {})
    assert.equal(closed.status, 200, closed.text)
    running.tell('ended\n')
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    const told = said.split('\n').filter((line) => !line.startsWith('end '))
    assert.deepEqual(told, [
      'many {200}',
      'own 200',
      'the same ID token subject_token.replayed',
      'another key agent.unauthenticated',
      'a name that nobody knows resource.unknown',
      'another action task.not_covered',
      'twice input.duplicate_key',
      'ended task.closed',
      'closed',
      '',
    ])
  })
})
