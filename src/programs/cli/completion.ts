import { Argument, type Command } from 'commander'
import {
  bashCompletion,
  completionsOf,
  fishCompletion,
  zshCompletion,
} from '../completion/index.ts'
import { command } from './command.ts'
import { systemWorld } from './system-world.ts'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }
const SHELLS = Object.keys(SCRIPTS)

/** `remit completion`: prints a script that completes commands and options. It needs no server. */
export function completionCommand(): Command {
  return command('completion', 'The script that completes commands in your shell.', [
    'eval "$(remit completion bash)"   # in ~/.bashrc',
    'eval "$(remit completion zsh)"    # in ~/.zshrc, after compinit',
    'remit completion fish | source    # in ~/.config/fish/config.fish',
  ])
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .action((shell: keyof typeof SCRIPTS, _options: unknown, { parent }: Command) => {
      if (parent) systemWorld().output.write(SCRIPTS[shell](completionsOf(parent)))
    })
}
