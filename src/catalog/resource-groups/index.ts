/** Groups: several MCP servers under one address, with names that stay what they are. */
export { nameInGroup, uriInGroup, uriOfMember } from './group-names.ts'
export { type GroupNames, groupNames } from './look-alikes.ts'
export { allowConfusables, setGroup } from './set-group.ts'
