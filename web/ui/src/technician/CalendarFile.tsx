import { Button } from '@mantine/core'
import type { WindowView } from '../shared/window/queries'
import { calendarOf } from './calendar'

/** Puts a window into the reader's own calendar. */
export function CalendarFile({ window }: { window: WindowView }) {
  const save = (): void => {
    const address = URL.createObjectURL(new Blob([calendarOf(window, new Date())], { type: 'text/calendar' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `${window.ticket ?? 'change-window'}.ics`
    link.click()
    URL.revokeObjectURL(address)
  }
  return (
    <Button variant="subtle" size="xs" onClick={save}>
      Calendar file
    </Button>
  )
}
