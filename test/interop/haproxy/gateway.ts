import { join } from 'node:path'
import { fillIn, placesOf, replaceIn } from '../../gateways/filled-in.ts'
import type { Gateway } from '../../gateways/suite.ts'
import { writeCertificate } from '../certificate.ts'
import { startServerProgram } from '../server-process.ts'

export const HAPROXY: Gateway = {
  name: 'HAProxy',
  sendsBodies: true,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['haproxy/haproxy.cfg', 'haproxy/remit.lua'], placesOf(store))
    const [port, h2c, tls] = store.ports
    const { both } = writeCertificate(folder)
    const binds = [
      `bind 127.0.0.1:${port}`,
      `bind 127.0.0.1:${h2c} proto h2`,
      `bind 127.0.0.1:${tls} ssl crt ${both} alpn h2,http/1.1`,
    ]
    replaceIn(join(folder, 'haproxy.cfg'), `bind 127.0.0.1:${port}`, binds.join('\n    '))
    const end = await startServerProgram({
      name: 'HAProxy',
      program: 'haproxy',
      args: ['-db', '-f', 'haproxy.cfg'],
      cwd: folder,
      env: { REMIT_SECRET: store.secret },
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
}
