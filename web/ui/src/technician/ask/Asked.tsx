import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { Span, type Wire } from '#frame'
import { Note } from '../../shared/Note'
import { roleLabel } from '../../shared/roles'
import { myWindowPath } from '../paths'

interface AskedProps {
  window: Wire<'WindowView'>
  onAnother: () => void
}

/** What the gate says to a request: whom it waits for, and what else is planned then. */
export function Asked({ window, onAnother }: AskedProps) {
  const needs = window.missing?.map(({ role }) => roleLabel(role).toLowerCase()).join(' and ')
  return (
    <div className="stack">
      <Note
        tone="good"
        title="Asked"
        actions={
          <>
            <Button component={Link} to={myWindowPath(window.id)}>
              To the window
            </Button>
            <Button variant="default" onClick={onAnother}>
              Ask for another
            </Button>
          </>
        }
      >
        {window.targets.join(', ')}, <Span from={window.opens} until={window.closes} />.
        {needs && ` It waits for the approval of the hospital’s ${needs}.`}
      </Note>
      {window.warnings && window.warnings.length > 0 && (
        <Note tone="warn" title="The hospital will see this too">
          <ul>
            {window.warnings.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </Note>
      )}
    </div>
  )
}
