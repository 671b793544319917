import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillIn, placesOf, replaceIn } from '../../gateways/filled-in.ts'
import type { Gateway } from '../../gateways/suite.ts'
import { writeCertificate } from '../certificate.ts'
import { startServerProgram } from '../server-process.ts'

export const CADDY: Gateway = {
  name: 'Caddy',
  sendsBodies: false,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['caddy/Caddyfile'], placesOf(store))
    const [port, h2c, tls] = store.ports
    const { cert, key } = writeCertificate(folder)
    const file = join(folder, 'Caddyfile')
    replaceIn(
      file,
      'admin off',
      'admin off\n\tauto_https off\n\tservers {\n\t\tprotocols h1 h2 h2c\n\t}',
    )
    // The site once more with TLS: one block cannot have both.
    const site = `http://127.0.0.1:${port} {`
    const [, rest = ''] = readFileSync(file, 'utf8').split(site)
    const withTls = `https://127.0.0.1:${tls} {\n\ttls ${cert} ${key}${rest}`
    replaceIn(file, site, `http://127.0.0.1:${port}, http://127.0.0.1:${h2c} {`)
    appendFileSync(file, withTls)
    const end = await startServerProgram({
      name: 'Caddy',
      program: 'caddy',
      args: ['run', '--config', 'Caddyfile'],
      cwd: folder,
      env: { HOME: folder, REMIT_SECRET: store.secret },
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
}
