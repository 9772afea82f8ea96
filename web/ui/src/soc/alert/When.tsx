import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { Moment, Span, windowPath } from '#frame'
import type { AlertContent, NearWindow } from './content'
import { Part } from './Part'
import classes from './When.module.css'

/** The moment itself, and the windows on this server that are nearest to it. */
export function When({ content, zone }: { content: AlertContent; zone: string }) {
  const { running, before, after, elsewhere } = content.windows
  const hasNone = !running && !before && !after
  return (
    <Part title="When, and which windows are near" isWide>
      <p className={classes.at}>
        {content.at ? <Moment at={content.at} isLong isBare /> : 'Unknown'} <span className={classes.zone}>{zone}</span>
      </p>
      {hasNone ? (
        <p className={classes.none}>No window on this server is near: none before, none running, none after.</p>
      ) : null}
      {(!hasNone || elsewhere) && (
        <ol className={classes.windows}>
          {elsewhere && <WindowRow place="Elsewhere" window={elsewhere} />}
          {before && <WindowRow place="Before" window={before} />}
          {running && <WindowRow place="Running" window={running} />}
          {after && <WindowRow place="After" window={after} />}
        </ol>
      )}
    </Part>
  )
}

function WindowRow({ place, window }: { place: string; window: NearWindow }) {
  return (
    <li className={classes.window}>
      <span className={classes.place}>{place}</span>
      <div>
        <strong className={classes.off}>{offWords(place, window)}</strong>
        <span className={classes.span}>
          {window.opens && window.closes && <Span from={window.opens} until={window.closes} />}
        </span>
      </div>
      <div className={classes.whose}>
        {whose(window)}
        {window.approvedBy.length > 0
          ? `, approved by ${window.approvedBy.join(' and ')}`
          : `, not approved (${window.state ?? 'state unknown'})`}
        {window.id && (
          <>
            {' · '}
            <Anchor component={Link} to={windowPath(window.id)} inherit underline="always">
              {[window.purpose, window.ticket].filter(Boolean).join(', ') || 'the window'}
            </Anchor>
          </>
        )}
      </div>
    </li>
  )
}

function offWords(place: string, window: NearWindow): string {
  if (place === 'Elsewhere') return `open at that moment on ${window.on.join(', ') || 'another server'}`
  if (place === 'Running') return 'open at that moment'
  return window.off ?? ''
}

function whose(window: NearWindow): string {
  const people = window.technicians.join(', ') || 'nobody named'
  if (window.isTheirs === true) return `Theirs (${people})`
  return window.isTheirs === false ? `Somebody else's (${people})` : people
}
