/** Finding by a few letters. */

export interface Findable {
  kind: string
  label: string
  to: string
}

const MOST = 12

/** What has every given word in it; labels that begin with the text come first. */
export function findIn(entries: readonly Findable[], text: string): Findable[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const first = words[0] ?? ''
  return entries
    .filter(({ kind, label }) => {
      const hay = `${label} ${kind}`.toLowerCase()
      return words.every((word) => hay.includes(word))
    })
    .map((entry) => ({ entry, rank: first !== '' && entry.label.toLowerCase().startsWith(first) ? 0 : 1 }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ entry }) => entry)
}
