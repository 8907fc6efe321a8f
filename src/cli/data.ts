import type { CommandGroup } from './command.ts'

export const command: CommandGroup = { commands: [] }
