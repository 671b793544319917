import { join } from 'node:path'
import { fillIn, placesOf } from '../../gateways/filled-in.ts'
import { behind } from '../../gateways/suite.ts'
import { startServerProgram } from '../server-process.ts'

behind({
  name: 'nginx',
  sendsBodies: false,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['nginx/nginx.conf'], placesOf(store))
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
})
