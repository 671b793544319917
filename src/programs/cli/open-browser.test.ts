import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openBrowser } from './open-browser.ts'

/** A program in the place of the one that shows addresses; it writes down what it was given. */
function opener() {
  const folder = mkdtempSync(join(tmpdir(), 'remit-open-'))
  const said = join(folder, 'said')
  const program = join(folder, 'xdg-open')
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$#" "$@" >'${said}.part'\nmv '${said}.part' '${said}'\n`,
  )
  chmodSync(program, 0o755)
  const { PATH } = process.env
  process.env.PATH = `${folder}:${PATH}`
  return {
    folder,
    async told(): Promise<string[]> {
      while (!existsSync(said)) await setTimeout(5)
      return readFileSync(said, 'utf8').trim().split('\n')
    },
    end() {
      process.env.PATH = PATH
      rmSync(folder, { recursive: true })
    },
  }
}

const linux = { skip: process.platform !== 'linux' }

test('mcp-remote CVE-2025-6514: an address is shown, and nothing in it is run', linux, async () => {
  const { end, folder, told } = opener()
  try {
    // What is no address of a page is not shown at all: it could name a program.
    for (const bad of [
      'file:///bin/sh',
      'javascript:alert(1)',
      'a:$(touch x)',
      '-a Calculator',
      '',
    ])
      openBrowser(bad)
    const mark = join(folder, 'run')
    openBrowser(
      `https://as.example/authorize?a=$(touch\${IFS}${mark})&b=\`touch ${mark}\`;touch ${mark}`,
    )
    const [count, address = ''] = await told()
    assert.equal(count, '1')
    assert.ok(address.startsWith('https://as.example/authorize?a=$(touch'), address)
    assert.ok(!existsSync(mark))
  } finally {
    end()
  }
})
