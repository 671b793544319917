import { CLIENTS } from '../../operations/clients.ts'
import { nounCommand } from '../operations/noun.ts'
import { addCommand } from './add.ts'
import { setCommand } from './set.ts'

/** `remit clients …` */
export const clientsCommand = nounCommand(CLIENTS, [addCommand, setCommand])
