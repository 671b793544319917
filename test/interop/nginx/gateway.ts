import { join } from 'node:path'
import { fillIn, placesOf, replaceIn } from '../../gateways/filled-in.ts'
import type { Gateway } from '../../gateways/suite.ts'
import { writeCertificate } from '../certificate.ts'
import { startServerProgram } from '../server-process.ts'

export const NGINX: Gateway = {
  name: 'nginx',
  sendsBodies: false,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['nginx/nginx.conf'], placesOf(store))
    const [port, h2c, tls] = store.ports
    const { cert, key } = writeCertificate(folder)
    const listens = [
      `listen 127.0.0.1:${port};`,
      `listen 127.0.0.1:${h2c} http2;`,
      `listen 127.0.0.1:${tls} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};`,
    ]
    replaceIn(join(folder, 'nginx.conf'), `listen 127.0.0.1:${port};`, listens.join(' '))
    const own = `daemon off; pid ${join(folder, 'pid')};`
    const end = await startServerProgram({
      name: 'nginx',
      program: 'nginx',
      args: ['-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', own],
      cwd: folder,
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
}
