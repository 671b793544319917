import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Denied } from 'remit-sdk'
import { failure } from '../sdk/failure.ts'
import { addRules, allOf, letIn, sdkTask, shopDirect } from '../sdk/shops.ts'
import { decode } from '../signing.ts'
import { inEachWorld } from '../world.ts'
import { askWith, enforcerOf } from './asking.ts'

inEachWorld('a sign-in that is not strong enough, at an API that asks by itself', (world) => {
  it('is told by its middleware as RFC 9470 has it, and tokens say what there was', async () => {
    const w = world()
    const shop = await shopDirect(w, 'fastify')
    await letIn(w, [shop])
    await addRules(
      w,
      `@id("strong") @step_up("mfa max_age=PT10M") permit (principal is Person, action == Action::"${shop.name}.list", resource);`,
    )
    const task = await sdkTask(w, { details: [allOf(shop)] })
    const refused = await failure(
      task.fetch(`${shop.identifier}/items`, { resource: shop.identifier }),
    )
    assert.ok(refused instanceof Denied, String(refused))
    assert.equal(refused.code, 'step_up.required')
    assert.equal(refused.status, 401)
    const asked = String(refused.response?.headers.get('www-authenticate'))
    assert.match(asked, /^DPoP error="insufficient_user_authentication"/)
    assert.match(asked, /acr_values="mfa", max_age="600"/)
    assert.equal(shop.handled.length, 0)
    const own = await w.open({ details: [allOf(shop)] })
    const token = await w.agent.token(own, shop.identifier)
    const { auth_time } = decode(token).claims
    assert.equal(typeof auth_time, 'number', 'the provider said when')
    const { secret } = await enforcerOf(w, shop)
    assert.equal((await askWith(w, secret, token)).body.auth_time, auth_time)
  })
})
