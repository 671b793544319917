import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseBody, writeForm } from '../../src/platform/bodies/index.ts'
import { canonicalJson } from '../../src/platform/lib/canonical-json.ts'
import { Problem } from '../../src/platform/lib/problem.ts'
import { oddForms, oddUploads, type SentForm } from '../attacks/odd-forms.ts'
import { linesAnswered } from './program.ts'

const BODIES = 3_000

/** All values of each name: texts, and for a file its name, media type, size and digest. `refused`: the program reads no form in it. */
type ReadForm = Readonly<Record<string, readonly unknown[]>> | 'refused'

/**
 * Lets a real program read what agents may send as a form: bytes as they came, and where the gateway writes a form anew, what it writes.
 * Of every form that Remit takes the program reads what Remit decides on.
 */
export function checkForms(program: string, args: readonly string[]): void {
  for (const odd of [oddForms, oddUploads]) {
    const sent = fc.sample<SentForm>(odd, { numRuns: BODIES, seed: 14 })
    const decided = sent.map(asDecided)
    const written = sent.map((form, i) => ({ ...form, body: writtenAnew(form, decided[i]) }))
    const lines = [...sent, ...written].map(({ body, type }) =>
      JSON.stringify({ type, body: body.toString('base64') }),
    )
    const answers = linesAnswered(program, args, lines).map((line) => JSON.parse(line) as ReadForm) // as the programs write it
    let taken = 0
    let other = 0
    for (const [i, form] of sent.entries()) {
      const said = decided[i]
      const read = answers[i]
      if (!said) {
        if (read !== 'refused') other++
        continue
      }
      taken++
      const shown = `${form.type}\n${form.body.toString('latin1')}`
      assert.deepEqual(read, said, shown)
      assert.deepEqual(answers[BODIES + i], said, `written anew: ${shown}`)
    }
    assert.ok(taken > BODIES / 10, `${taken} forms were taken`)
    assert.ok(other > BODIES / 50, `${other} were refused that the program would have read`)
  }
}

function isMultipart({ type }: SentForm): boolean {
  return type.startsWith('multipart/')
}

function saidBy(form: SentForm) {
  try {
    const said = parseBody(form.body, form.type, { as: isMultipart(form) ? 'multipart' : 'form' })
    assert.ok(!(said instanceof Promise), 'a short form is read at once')
    return said
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return undefined
  }
}

/** Values that are decided on, by name; `undefined`: the form is refused, or there is none. */
function asDecided(form: SentForm): ReadForm | undefined {
  const said = saidBy(form)
  if (said === undefined) return undefined
  const pairs = JSON.parse(canonicalJson(said)) as [string, unknown][] // as `parseBody` answers
  const names = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries(
    Array.from(names, ([name, all]) => [name, all.map(([, value]) => value)]),
  )
}

/** Bytes that the gateway sends. */
function writtenAnew(form: SentForm, decided: ReadForm | undefined): Buffer {
  if (!decided || isMultipart(form)) return form.body
  return Buffer.from(writeForm(saidBy(form) ?? []))
}
