import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'

const FILE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'compose', 'Caddyfile')

it('Caddy understands its file in deploy/compose', () => {
  const args = ['adapt', '--validate', '--adapter', 'caddyfile', '--config', FILE]
  const env = { ...process.env, REMIT_HOST: 'remit.example.com', GATEWAY_HOST: 'api.example.com' }
  const { status, stderr, stdout } = spawnSync('caddy', args, { env, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /"dial":"remit:7480".*"dial":"remit:7481"/s)
})
