import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { addKeyCommand, addSecretCommand, endCredentialCommand } from './credentials.ts'
import { settingsInWords } from './pep.ts'
import { addSettings, bodyOf, type SettingsOptions } from './settings.ts'
import { listCommand, showCommand } from './show.ts'

/** `remit peps …` */
export function pepsCommand(start: Start): Command {
  const peps = command(
    'peps',
    'Enforcement points of others that ask for decisions (AuthZEN): gateways, APIs, authorization servers.',
    [
      'remit peps add edge --resource orders',
      'remit peps add-secret edge',
      'remit peps add records --policy-set records --properties   # answers by a set of its own',
    ],
  )
  for (const add of [
    listCommand,
    showCommand,
    addCommand,
    setCommand,
    revokeCommand,
    addSecretCommand,
    addKeyCommand,
    endCredentialCommand,
  ])
    peps.addCommand(add(start))
  return peps
}

function addCommand(start: Start): Command {
  const add = command('add', 'Registers one. It asks nothing before it has a secret or a key.', [
    'remit peps add edge --resource orders billing',
    'remit peps add mesh --names-tasks   # it has authenticated the agent itself',
    'remit peps add records --policy-set records --properties',
    'remit peps add login --issuer https://login.example --client crm-bot=crm-agent',
  ])
  return addSettings(add)
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .action(async (name: string, options: SettingsOptions, invoked: Command) => {
      const cli = await start(invoked)
      const pep = await cli.api.call('POST', '/peps', { body: { name, ...bodyOf(options) } })
      cli.say(
        text`${green('✓')} ${bold(pep.name)} is registered: ${settingsInWords(pep)}`,
        text`  give it a secret: remit peps add-secret ${pep.name}`,
      )
      cli.answer(pep, () => [])
    })
}

function setCommand(start: Start): Command {
  const set = command(
    'set',
    'Gives one other settings, all of them: what is not said is the default.',
    ['remit peps set edge --resource orders --takes'],
  )
  return addSettings(set)
    .argument('<name>', 'of `remit peps list`')
    .action(async (name: string, options: SettingsOptions, invoked: Command) => {
      const cli = await start(invoked)
      const pep = await cli.api.call('PUT', '/peps/:name', {
        params: { name },
        body: bodyOf(options),
      })
      cli.say(text`${green('✓')} ${bold(pep.name)}: ${settingsInWords(pep)}`)
      cli.answer(pep, () => [])
    })
}

function revokeCommand(start: Start): Command {
  return command('revoke', 'Ends one for good, now. It is answered nothing any more.', [
    'remit peps revoke edge',
  ])
    .argument('<name>', 'of `remit peps list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/peps/:name', { params: { name } })
      cli.say(text`${green('✓')} ${bold(name)} is revoked`)
      cli.answer({ pep: name, revoked: true }, () => [])
    })
}
