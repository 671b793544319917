import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../cli/program.ts'
import { testCli } from '../cli/testing.ts'
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import { completionsOf } from './tree.ts'
import { zshCompletion } from './zsh.ts'

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}

test('completion', async (t) => {
  const { home: folder, world } = await testCli(t)
  const commands = completionsOf(await createProgram(world))
  await writeFile(join(folder, 'bash'), bashCompletion(commands))
  await writeFile(join(folder, 'zsh'), zshCompletion(commands))
  await writeFile(join(folder, 'fish'), fishCompletion(commands))

  const run = (shell: string, script: string): string => {
    const { status, stderr, stdout } = spawnSync(shell, ['-c', script], {
      encoding: 'utf8',
      cwd: folder,
    })
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  /** Words that bash suggests for the last one. */
  const inBash = (...words: readonly string[]) =>
    run(
      'bash',
      `source ./bash; COMP_WORDS=(${['remit', ...words].map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _remit; echo "\${COMPREPLY[@]}"`,
    ).split(' ')

  await t.test('knows every command that help shows', () => {
    const paths = commands.map(({ path }) => path)
    assert.ok(paths.length > 100, `${paths.length}`)
    assert.deepEqual([...new Set(paths)], paths)
    for (const path of ['/agents/add', '/resources/import', '/agents/list', '/completion'])
      assert.ok(paths.includes(path), path)
    for (const { words, options, path } of commands) {
      assert.ok(
        options.some((option) => option.words.includes('--json')),
        path,
      )
      for (const { word } of words) assert.match(word, /^[\w-]+$/, path)
    }
  })

  await t.test(
    'completes commands, options and values in bash',
    {
      skip: !has('bash') && 'no bash here',
    },
    () => {
      assert.deepEqual(inBash('agen'), ['agents'])
      assert.ok(inBash('agents', '').includes('recertify'))
      assert.ok(inBash('agents', 'add', '--').includes('--ceiling'))
      assert.ok(!inBash('agents', 'show', '--').includes('--ceiling'), 'of the command only')
      assert.deepEqual(inBash('completion', ''), ['bash', 'zsh', 'fish'])
      assert.deepEqual(inBash('--json', 'agents', 'unl'), ['unlink'])
      assert.deepEqual(inBash('agents', 'add', '--key-out', ''), [''], 'left to bash: a file')
    },
  )

  await t.test('is a script that zsh reads', { skip: !has('zsh') && 'no zsh here' }, () => {
    run('zsh', 'autoload -U compinit && compinit -D -u; source ./zsh; whence -w _remit')
  })

  await t.test(
    'completes commands and options in fish',
    { skip: !has('fish') && 'no fish here' },
    () => {
      const inFish = (line: string) =>
        run('fish', `source ./fish; complete -C '${line}'`)
          .split('\n')
          .map((each) => each.split('\t')[0])
      assert.deepEqual(inFish('remit agen'), ['agents'])
      assert.deepEqual(inFish('remit agents add --key-'), ['--key-out'])
      assert.deepEqual(inFish('remit completion '), ['bash', 'fish', 'zsh'])
    },
  )
})
