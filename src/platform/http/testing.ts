import { Writable } from 'node:stream'
import { manualClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { UNOBSERVED } from '../lib/request-observer.ts'
import { createHttp, type HttpOptions, type HttpServer } from './app.ts'
import { openLog } from './logger.ts'

export const TEST_ORIGIN = 'http://remit.test'

export interface TestHttp extends HttpServer {
  /** Returns everything that was logged, as text. */
  logged(): string
}

/** A server on `TEST_ORIGIN` that keeps its log. Send `host: remit.test`, or use `app.inject({ authority })`. */
export function testHttp(options: Partial<HttpOptions> = {}): TestHttp {
  let written = ''
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  const server = createHttp({
    origin: TEST_ORIGIN,
    log: openLog({ level: 'debug', destination }),
    clock: manualClock(),
    random: systemRandom,
    observer: UNOBSERVED,
    problemPage: (problem) => `<!doctype html><title>${problem.code}</title>`,
    ...options,
  })
  return { ...server, logged: () => written }
}
