import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const CSS = readFileSync(new URL('./style.css', import.meta.url), 'utf8')

function colours(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{3,6});/g)].map(([, name = '', hex = '']) => [
      name,
      hex.length === 4 ? hex.replaceAll(/[0-9a-f]/g, '$&$&') : hex,
    ]),
  )
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const [light = '', dark = ''] = [...CSS.matchAll(/:root \{[^}]*\}/g)].map(([block]) => block)

for (const [scheme, block] of [
  ['light', light],
  ['dark', dark],
] as const) {
  describe(`colours in the ${scheme} scheme`, () => {
    const palette = colours(block)
    const of = (name: string) => palette.get(name) ?? assert.fail(`no colour ${name}`)

    for (const [text, ground] of [
      ['ink', 'paper'],
      ['ink', 'card'],
      ['ink', 'calm-wash'],
      ['ink', 'warn-wash'],
      ['ink', 'bad-wash'],
      ['ink', 'accent-wash'],
      ['soft', 'paper'],
      ['soft', 'card'],
      ['accent', 'card'],
      ['accent', 'paper'],
      ['accent', 'accent-wash'],
      ['accent', 'bad-wash'],
      ['accent', 'warn-wash'],
      ['accent', 'calm-wash'],
      ['accent-strong', 'card'],
      ['accent-strong', 'accent-wash'],
      ['on-accent', 'accent'],
      ['on-accent', 'accent-strong'],
      ['warn', 'warn-wash'],
      ['bad', 'bad-wash'],
      ['bad', 'card'],
      ['card', 'bad'],
    ] as const) {
      it(`${text} on ${ground} can be read (AA)`, () => {
        assert.ok(contrast(of(text), of(ground)) >= 4.5, `${contrast(of(text), of(ground))}`)
      })
    }

    it('edges of fields can be seen (AA, non-text)', () => {
      assert.ok(contrast(of('edge'), of('card')) >= 3)
    })
  })
}

it('the style sheet loads nothing', () => {
  assert.doesNotMatch(CSS, /url\(|@import|@font-face/)
})

describe('the answers of a page', () => {
  const rule = (selector: string) =>
    new RegExp(`\\n${selector.replaceAll('.', '\\.')} \\{([^}]*)\\}`).exec(CSS)?.[1] ?? ''

  it('stay in reach while what they are about scrolls, within a column: in a grid they would stay in their own row', () => {
    assert.match(rule('.answer'), /position: sticky;\n {2}bottom: 0;/)
    assert.match(rule('.answering'), /display: flex;\n {2}flex-direction: column;/)
  })

  it('hide nothing: what is tabbed to stands above them, and a low window has them at the end', () => {
    assert.match(rule('html:has\\(.answer\\)'), /scroll-padding-bottom: \d+rem/)
    assert.match(CSS, /@media \(max-height: 30rem\) \{\n {2}\.answer \{\n {4}position: static;/)
  })

  it('stand after boxes, which are what is answered, and beside all of it where there is room', () => {
    assert.match(rule('.answering:has\\(\\[type="checkbox"\\]\\) .answer'), /position: static;/)
    const beside = /@media \(min-width: 64rem\) and \(min-height: 30rem\) \{([\s\S]*?)\n\}/.exec(
      CSS,
    )?.[1]
    assert.match(beside ?? '', /> \.answer \{\n {4}position: sticky;[^}]*grid-column: 2;/)
  })
})

describe('text from outside', () => {
  it('is broken anywhere, so that no long word makes a page wider than the screen', () => {
    assert.match(CSS, /\nbdi \{\n {2}overflow-wrap: anywhere;\n\}/)
  })
})
