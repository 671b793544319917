// Loaded before a server in a process of its own: its wall clock is ahead by the milliseconds in the file `CLOCK_FILE`, as a clock
// that was set. The time since the machine started says otherwise. Each start leaves a line beside that file.
import { appendFileSync, readFileSync } from 'node:fs'

const file = process.env.CLOCK_FILE ?? ''
const wall = Date.now

Date.now = () => wall() + Number(readFileSync(file, 'utf8'))
appendFileSync(`${file}.starts`, `${process.pid}\n`)
