/** An evidence package: what it is about, and how it is checked. */
import type { Wire } from '#frame'

export type NewBundle = Wire<'NewBundle'>

/** One thing that a package can be about, or that can be kept. */
export type About =
  | { kind: 'session'; id: string }
  | { kind: 'window'; id: string }
  | { kind: 'target'; name: string; from: string; to: string }

/** What `POST /api/bundles` is sent. */
export function bundleOf(about: About, reason: string, recipients: string): NewBundle {
  const sealedTo = recipients.split(/\s+/).filter(Boolean)
  const rest = { reason: reason.trim(), ...(sealedTo.length > 0 ? { recipients: sealedTo } : {}) }
  if (about.kind === 'target') return { target: about.name, from: about.from, to: about.to, ...rest }
  return about.kind === 'session' ? { session: about.id, ...rest } : { window: about.id, ...rest }
}

export function aboutWords(about: About): string {
  if (about.kind === 'target') return `server ${about.name}`
  return about.kind === 'session' ? 'this visit' : 'this change window'
}

/** What the file is called where the gate names none. */
export function packageName(about: About): string {
  return about.kind === 'target' ? `chaperone-${about.name}.tar` : `chaperone-${about.kind}-${about.id}.tar`
}

/** The line that checks a file with a key, safe to paste into a shell. */
export function verifyLine(file: string, key: string): string {
  return `chaperone-verify ${quoted(file)} --key ${quoted(key)}`
}

function quoted(word: string): string {
  return /^[\w./:@%=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
