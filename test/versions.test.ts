import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { versionProblems, whatChanged } from '../tools/versions.ts'

const root = join(import.meta.dirname, '..')
const stored = (path: string) => readFileSync(join(root, path), 'utf8')
const { version }: { readonly version: string } = JSON.parse(stored('package.json'))

/** The files as they are, with another text of CHANGELOG. */
function withChangelog(text: string) {
  return (path: string) => (path === 'CHANGELOG.md' ? text : stored(path))
}

test('every file says the same version', () => {
  assert.deepEqual(versionProblems(stored), [])
  const other = (path: string) =>
    path.endsWith('Chart.yaml') ? stored(path).replaceAll(version, '9.9.9') : stored(path)
  assert.equal(versionProblems(other).length, 2)
})

test('a release has its tag, its date and its changes', () => {
  const open = withChangelog(`# Changelog\n\n## ${version} (not released yet)\n\n- a\n`)
  assert.deepEqual(versionProblems(open), [])
  assert.equal(versionProblems(open, `v${version}`).length, 1, 'without a date')
  const text = `# Changelog\n\n## ${version} (2027-01-31)\n\n- a\n\n## 0.0.1 (2026-12-01)\n\n- b\n`
  const dated = withChangelog(text)
  assert.deepEqual(versionProblems(dated, `v${version}`), [])
  assert.equal(versionProblems(dated, 'v9.9.9').length, 1, 'another tag')
  const later = withChangelog(text.replace('## ', '## Unreleased\n\n- c\n\n## '))
  assert.deepEqual(versionProblems(later), [])
  assert.equal(versionProblems(later, `v${version}`).length, 1, 'with changes that are not in it')
  assert.equal(versionProblems(withChangelog(text.replace(version, '9.9.9'))).length, 1)
  assert.equal(versionProblems(withChangelog(text.replace(' (2026-12-01)', ''))).length, 1)
  assert.equal(whatChanged(text, version), '- a')
  assert.equal(whatChanged(text, '0.0.1'), '- b')
})
