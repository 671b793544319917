import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const UNITS = join(ROOT, 'deploy', 'systemd')
/** Exposure that docs/operations/deploy.md states, of 10. */
const STATED = /rates the unit (\d\.\d) of 10/

describe('units of deploy/systemd, as systemd-analyze reads them', () => {
  const home = mkdtempSync(join(tmpdir(), 'remit-systemd-'))
  after(() => rmSync(home, { recursive: true }))
  cpSync(UNITS, home, { recursive: true })
  const units = readdirSync(home)
  for (const unit of units) {
    const file = join(home, unit)
    // The one program of the units that this machine may have elsewhere.
    const text = readFileSync(file, 'utf8').replaceAll('/usr/bin/node', process.execPath)
    writeFileSync(file, text)
  }
  const analyze = (...args: readonly string[]) =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8', cwd: home })

  it('have no fault that `verify` finds', () => {
    const { status, stderr, stdout } = analyze('verify', ...units.map((unit) => join(home, unit)))
    assert.deepEqual([status, stdout + stderr], [0, ''])
  })

  it('are as hardened as the guide states', () => {
    const guide = readFileSync(join(ROOT, 'docs', 'operations', 'deploy.md'), 'utf8')
    const stated = STATED.exec(guide)?.[1]
    const services = units.filter((unit) => unit.endsWith('.service'))
    assert.equal(services.length, 2)
    for (const unit of services) {
      const { stdout } = analyze('security', '--offline=true', '--no-pager', join(home, unit))
      const [, exposure] = /exposure level for \S+: (\d+\.\d)/.exec(stdout) ?? []
      assert.equal(exposure, stated, unit)
    }
  })
})
