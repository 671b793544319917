import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PythonProject } from './installed.ts'
import { SOURCE } from './wheel.ts'

const WITHOUT_FILES = { PYTHONDONTWRITEBYTECODE: '1' }

for (const environment of ['OLDEST', 'NEWEST'] as const)
  describe(`the package for Python, installed with the ${environment.toLowerCase()} of everything`, () => {
    let project: PythonProject
    before(async () => {
      project = await PythonProject.make(environment)
    })
    after(() => project?.remove())

    it('passes its own tests as it was installed', async () => {
      const tests = [join(SOURCE, 'tests'), '--config-file', join(SOURCE, 'pyproject.toml')]
      const ran = await project.tool('pytest', tests, WITHOUT_FILES)
      assert.equal(ran.code, 0, ran.said)
      assert.match(ran.out, /\d{2,} passed/)
    })

    if (environment === 'NEWEST')
      it('says its types, which hold', async () => {
        const cache = join(project.folder, 'mypy')
        const ran = await project.tool('mypy', [
          ...['--config-file', join(SOURCE, 'pyproject.toml'), '--cache-dir', cache],
          ...['-p', 'remit_sdk'],
        ])
        assert.equal(ran.code, 0, ran.said)
      })
  })

it('the package for Python needs nothing but what it says', async () => {
  const project = await PythonProject.make('CORE')
  try {
    const ran = await project.run(['-c', 'import remit_sdk; print(remit_sdk.__file__)'])
    assert.match(ran.out, /site-packages/, ran.said)
  } finally {
    await project.remove()
  }
})
