import { useMemo } from 'react'
import { Transactions } from '../http/Transactions'
import type { RecordingTimeline } from '../player/timeline'
import { Coverage } from './Coverage'
import { Markers } from './Markers'
import { Timeline } from './Timeline'
import classes from './Replay.module.css'

interface WebReplayProps {
  timeline: RecordingTimeline
  /** Where the reader is, as the address says. */
  at: number
  onPlace: (at: number) => void
}

/** The visit of a web console: nothing was on a screen of the gate's, so its requests are what there is to look at. */
export function WebReplay({ timeline, at, onPlace }: WebReplayProps) {
  const markers = useMemo(() => timeline.markers.filter(({ kind }) => kind !== 'start'), [timeline.markers])
  return (
    <div className={classes.web}>
      <Timeline
        duration={timeline.duration_ms}
        position={at}
        bufferedTo={timeline.duration_ms}
        idle={timeline.idle}
        markers={markers}
        onSeek={onPlace}
      />
      <Transactions session={timeline.session} at={at} onSeek={onPlace} />
      <div className={classes.beside}>
        <Coverage channels={timeline.channels} onOpen={({ began_ms }) => onPlace(began_ms)} />
        <Markers markers={markers} position={at} onSeek={onPlace} />
      </div>
    </div>
  )
}
