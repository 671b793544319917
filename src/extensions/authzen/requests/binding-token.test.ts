import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMasterKey } from '../../../platform/keys/index.ts'
import { base64url } from '../../../platform/lib/bytes.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { bindingToken, evaluationOf } from './binding-token.ts'

async function sealer() {
  const value = new Secret(base64url(systemRandom.bytes(32)))
  return { master: await openMasterKey({ directory: '/nowhere', value, random: systemRandom }) }
}

test('a token names the evaluation that it was made for', async () => {
  const ports = await sealer()
  assert.equal(evaluationOf(ports, bindingToken(ports, 'dec_1')), 'dec_1')
})

test('what this server did not seal names none', async () => {
  const ports = await sealer()
  const token = bindingToken(ports, 'dec_1')
  const elsewhere = base64url(ports.master.seal('dec_1', 'something else'))
  for (const bad of [
    ...[undefined, null, 7, {}, '', '*', 'x', token.slice(0, -4), elsewhere],
    bindingToken(await sealer(), 'dec_1'),
  ])
    assert.equal(evaluationOf(ports, bad), undefined, String(bad))
})

test('a text that is longer than a token is not opened', async () => {
  const ports = await sealer()
  let opened = 0
  const counting = {
    master: {
      seal: ports.master.seal.bind(ports.master),
      open: (...given: Parameters<typeof ports.master.open>) => {
        opened += 1
        return ports.master.open(...given)
      },
    },
  }
  assert.equal(evaluationOf(counting, 'A'.repeat(513)), undefined)
  assert.equal(opened, 0)
  assert.equal(evaluationOf(counting, 'A'.repeat(512)), undefined)
  assert.equal(opened, 1)
})

test('a failure of the server is told as that', async () => {
  const failure = new Error('the module is down')
  const open = () => {
    throw failure
  }
  const { master } = await sealer()
  const ports = { master: { seal: master.seal.bind(master), open } }
  assert.throws(() => evaluationOf(ports, 'AAAA'), failure)
})
