import { homedir } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { WriteStream } from 'node:tty'
import { systemClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { openBrowser } from './open-browser.ts'
import type { Output, World } from './world.ts'

/** This machine, this terminal, now. */
export function systemWorld(): World {
  return {
    environment: process.env,
    home: homedir(),
    directory: process.cwd(),
    output: outputOf(process.stdout),
    talk: outputOf(process.stderr),
    readInput: () => buffer(process.stdin),
    interactive: isAtTerminal(),
    async askSecret(question) {
      const { isCancel, password } = await import('@clack/prompts')
      const answer = await password({ message: question, output: process.stderr })
      return isCancel(answer) ? undefined : answer
    },
    async askYes(question) {
      if (!isAtTerminal()) return false
      const { confirm } = await import('@clack/prompts')
      return (await confirm({ message: question, output: process.stderr })) === true
    },
    input: () => process.stdin,
    untilStopped: () =>
      new Promise((resolve) => {
        let asked = false
        process.on('SIGPIPE', () => resolve('SIGPIPE'))
        for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const)
          process.on(signal, () => {
            // A second signal ends the process at once.
            if (asked) process.exit(130)
            asked = true
            resolve(signal)
          })
      }),
    openBrowser,
    clock: systemClock,
    random: systemRandom,
    wait: async (ms) => void (await setTimeout(ms)),
  }
}

function outputOf(stream: WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: Boolean(stream.isTTY),
    width: stream.isTTY ? stream.columns : undefined,
  }
}

/** False: no person is there to answer a question. */
function isAtTerminal(): boolean {
  return Boolean(process.stdin.isTTY && process.stderr.isTTY)
}
