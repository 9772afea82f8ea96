import type { AlertContent } from './content'

/** Who to what from where, in one line; of a server's own doing, which server, what it did, and last in whose visit. */
export function sentence(content: AlertContent): string {
  const { who, what } = content
  const name = who.name ?? (who.login ? `somebody who calls themselves ${who.login}` : 'somebody')
  const person = who.vendor ? `${name} (${who.vendor})` : name
  if (content.outcome === 'not passed on') {
    return `${what.name ?? 'A server'}: ${content.detail ?? 'its answer was not passed on'}; in a visit of ${person}`
  }
  const from = who.address ? ` from ${who.address}` : ''
  return what.name ? `${person} to ${what.name}${from}` : `${person}${from}`
}
