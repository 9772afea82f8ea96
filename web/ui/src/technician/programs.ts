/** What a technician's own programs need on their machine. */
import type { Wire } from '#frame'

type ProgramWay = Wire<'ProgramWay'>

/** A line for each name, in the form of a hosts file; addresses need none. */
export function hostsLines(programs: readonly Pick<ProgramWay, 'name'>[]): string {
  const names = [...new Set(programs.map(({ name }) => name.toLowerCase()))]
  return names
    .filter((name) => !isAddress(name))
    .map((name) => `127.0.0.1 ${name}`)
    .join('\n')
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':')
}

const RECORDED: Record<string, string> = {
  plain: 'Recorded in the clear: everything that passes.',
  bytes: 'Every byte is recorded.',
  flow: 'Encrypted inside: when and how much passes is recorded, and the screen is not.',
}

/** How an endpoint is recorded, in words. */
export function recordedWords(recorded: string): string {
  return RECORDED[recorded] ?? recorded
}
