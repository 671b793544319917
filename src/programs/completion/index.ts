export { bashCompletion } from './bash.ts'
export { fishCompletion } from './fish.ts'
export { completionsOf } from './tree.ts'
export { zshCompletion } from './zsh.ts'
