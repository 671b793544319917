/** Changes of a frozen call by its approver: a smaller number, fewer items of a list. */

export { type Edit, readEdits } from './edit.ts'
export {
  type EditableArgument,
  type EditedArgument,
  editableArguments,
  editCall,
  editedArguments,
} from './edited-call.ts'
