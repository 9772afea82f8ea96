import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { Answer, DataTable, EmptyState, PageTitle, Span, useMay, useNow, type Column } from '#frame'
import { windowsQuery, type WindowView } from '../shared/window/queries'
import { purposeLabel } from '../shared/window/state'
import { WindowTag } from '../shared/window/WindowTag'
import { groupWindows } from './groups'
import classes from './MyWindows.module.css'
import { myWindowPath } from './paths'
import { WindowCard } from './WindowCard'

/** My change windows: what is open, what is ahead, what is over. */
export function MyWindowsPage() {
  const windows = useQuery(windowsQuery())
  const may = useMay()
  const ask = may('request-window') && (
    <Button component={Link} to="/technician/ask">
      Ask for a window
    </Button>
  )
  return (
    <>
      <PageTitle title="My change windows" actions={ask} />
      <Answer of={windows}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              title="No change window yet"
              words="You can connect to a server only inside a change window that the hospital has approved."
              action={ask}
            />
          ) : (
            <Groups windows={all} />
          )
        }
      </Answer>
    </>
  )
}

function Groups({ windows }: { windows: readonly WindowView[] }) {
  const now = useNow(10_000)
  const { open, ahead, over } = groupWindows(windows, now)
  return (
    <div className={classes.groups}>
      <Cards title="Open now" windows={open} />
      <Cards title="Ahead" windows={ahead} />
      {over.length > 0 && (
        <section>
          <h2 className={classes.heading}>Over</h2>
          <DataTable label="Windows that are over" columns={COLUMNS} rows={over} keyOf={({ id }) => id} linkOf={({ id }) => myWindowPath(id)} />
        </section>
      )}
    </div>
  )
}

function Cards({ title, windows }: { title: string; windows: readonly WindowView[] }) {
  if (windows.length === 0) return null
  return (
    <section>
      <h2 className={classes.heading}>{title}</h2>
      <ul className={classes.cards}>
        {windows.map((window) => (
          <li key={window.id}>
            <WindowCard window={window} />
          </li>
        ))}
      </ul>
    </section>
  )
}

const COLUMNS: readonly Column<WindowView>[] = [
  { head: 'Server', cell: ({ targets }) => targets.join(', ') },
  { head: 'When', cell: ({ opens, closes }) => <Span from={opens} until={closes} /> },
  { head: 'Purpose', cell: ({ purpose }) => purposeLabel(purpose) },
  { head: 'Ticket', cell: ({ ticket }) => ticket },
  { head: 'State', cell: (window) => <WindowTag window={window} /> },
]
