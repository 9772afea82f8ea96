/** One person's word that waits for a second, and what became of it. */
import type { WordView } from './queries'

const STATES: Record<string, string> = {
  asked: 'Waits for a second person',
  agreed: 'Agreed',
  refused: 'Refused',
  withdrawn: 'Taken back',
  expired: 'Nobody answered in time',
  spent: 'Used',
}

export function wordStateWords(word: Pick<WordView, 'state' | 'expires'>, now: number): string {
  if (word.state === 'agreed' && Date.parse(word.expires) <= now) return 'Was agreed; the time is over'
  return STATES[word.state] ?? word.state
}

export function waits(word: Pick<WordView, 'state' | 'expires'>, now: number): boolean {
  return word.state === 'asked' && Date.parse(word.expires) > now
}

/** Whether the person may see what was typed on a visit by this word now. */
export function shows(word: WordView, session: string, login: string, now: number): boolean {
  const isTheirs = word.subject === session && word.asked_by === login
  return isTheirs && word.state === 'agreed' && Date.parse(word.expires) > now
}

/** The newest words of a visit first. */
export function wordsOf(words: readonly WordView[], session: string): WordView[] {
  return words.filter((word) => word.subject === session).toSorted((a, b) => b.asked.localeCompare(a.asked))
}

/** What a wish is about, for who may answer it. */
export function wishWords(word: Pick<WordView, 'act' | 'subject' | 'detail'>): string {
  if (word.act === 'unmask-input') return 'to see what was typed on a visit'
  if (word.act === 'lift-hold') return 'to lift a keep'
  const name = word.subject.replace(/^target /, 'server ')
  if (/^(class|server|vendor) /.test(name)) return `to keep evidence for a shorter time: ${name}`
  return 'to let the deletion of old evidence go on'
}
