/** A window as an iCalendar file (RFC 5545). */
import type { WindowView } from '../shared/window/queries'

type Planned = Pick<WindowView, 'id' | 'opens' | 'closes' | 'targets' | 'purpose' | 'ticket' | 'reason'>

export function calendarOf(window: Planned, now: Date): string {
  const what = [window.purpose, window.ticket].filter(Boolean).join(', ')
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Chaperone//EN',
    'BEGIN:VEVENT',
    `UID:${window.id}@chaperone`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(new Date(window.opens))}`,
    `DTEND:${stamp(new Date(window.closes))}`,
    `SUMMARY:${escaped(`Change window ${window.targets.join(', ')}: ${what}`)}`,
    `DESCRIPTION:${escaped(window.reason)}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map(fold).join('\r\n') + '\r\n'
}

/** `20261125T210000Z` */
function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

/** RFC 5545 §3.3.11. */
function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, (sign) => `\\${sign}`).replaceAll(/\r?\n/g, '\\n')
}

/** RFC 5545 §3.1: no line is longer than 75 octets; the next goes on after a space. */
function fold(line: string): string {
  const encoder = new TextEncoder()
  let folded = ''
  let width = 0
  for (const sign of line) {
    const octets = encoder.encode(sign).length
    if (width + octets > 75) {
      folded += '\r\n '
      width = 1
    }
    folded += sign
    width += octets
  }
  return folded
}
