import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { html } from './html.ts'
import { NASTY, textContent } from './testing.ts'

it('whatever is put into a template stays text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' })), (text) => {
      const markup = html`<p title="${text}">${text}</p>`.toString()
      const inner = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(markup)
      assert.ok(inner, markup)
      assert.equal(textContent(inner[1] ?? ''), text)
      assert.equal(textContent(inner[2] ?? ''), text)
    }),
  )
})

it('markup goes in as it is, lists one after another, and nothing as nothing', () => {
  const list = ['a', '<b>', html`<i>${1}</i>`]
  assert.equal(html`${list}${undefined}${null}${false}${''}${0}`.toString(), 'a&lt;b&gt;<i>1</i>0')
})

it('an object that only looks like markup is not taken for it', () => {
  const forged = { toString: () => '<script>' }
  // @ts-expect-error the type refuses it too
  assert.throws(() => html`${forged}`.toString())
})
