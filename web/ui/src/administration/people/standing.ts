/** Whether somebody can sign in, and if not, why. */
import type { Tone } from '#frame'
import type { PersonView } from '../../shared/people'

type Person = Pick<PersonView, 'locked' | 'valid_from' | 'valid_until' | 'enrolled' | 'second_factor'>

export interface Standing {
  words: string
  tone: Tone
}

const SOON_MS = 14 * 86_400_000

export function standingOf(person: Person, now: number): Standing {
  if (person.locked) return { words: 'Locked', tone: 'bad' }
  if (person.valid_from && Date.parse(person.valid_from) > now) return { words: 'Not valid yet', tone: 'neutral' }
  if (person.valid_until && Date.parse(person.valid_until) <= now) return { words: 'Not valid any more', tone: 'neutral' }
  if (!person.enrolled) return { words: 'Not enrolled', tone: 'warn' }
  if (!person.second_factor) return { words: 'No second factor', tone: 'warn' }
  if (person.valid_until && Date.parse(person.valid_until) < now + SOON_MS) return { words: 'Ends soon', tone: 'warn' }
  return { words: 'Can sign in', tone: 'good' }
}
