import { useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { clockWords, spokenClock } from '../player/clock-words'
import type { Idle } from '../player/idle'
import { currentMarker, markerLook, signedMarkers, type Marker } from '../player/marker'
import classes from './Timeline.module.css'

interface TimelineProps {
  duration: number
  position: number
  bufferedTo: number
  idle: readonly Idle[]
  markers: readonly Marker[]
  onSeek: (to: number) => void
}

/** How near, in pixels, a click takes the marker instead of the place. */
const SNAP_PX = 7
/** Each sign has this share of the width for itself. */
const SIGN_SHARE = 0.02
const PAGE_MS = 60_000
const STEP_MS = 5_000

/** The whole recording from left to right: click anywhere to go there, on a sign to go to it. */
export function Timeline({ duration, position, bufferedTo, idle, markers, onSeek }: TimelineProps) {
  const track = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | null>(null)
  const signed = useMemo(() => signedMarkers(markers, duration * SIGN_SHARE), [markers, duration])
  const share = (ms: number): string => `${duration > 0 ? Math.min(100, (ms / duration) * 100) : 0}%`

  const place = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect()
    if (!box || box.width === 0) return 0
    const at = (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * duration
    const reach = (SNAP_PX / box.width) * duration
    return nearest(markers, at, reach)?.at_ms ?? at
  }

  return (
    <div className={classes.timeline}>
      <div
        ref={track}
        className={classes.track}
        role="slider"
        tabIndex={0}
        aria-label="Place in the recording"
        aria-valuemin={0}
        aria-valuemax={Math.round(duration / 1000)}
        aria-valuenow={Math.round(position / 1000)}
        aria-valuetext={spokenPlace(markers, position)}
        onKeyDown={(event) => moveByKey(event, position, duration, onSeek)}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => setHovered(place(event))}
        onPointerUp={(event) => onSeek(place(event))}
        onPointerLeave={() => setHovered(null)}
      >
        <div className={classes.rail} />
        {Number.isFinite(bufferedTo) && <div className={classes.buffered} style={{ width: share(bufferedTo) }} />}
        {idle.map((stretch) => (
          <div
            key={stretch.from_ms}
            className={classes.idle}
            style={{ left: share(stretch.from_ms), width: share(stretch.to_ms - stretch.from_ms) }}
          />
        ))}
        <div className={classes.played} style={{ width: share(position) }} />
        {markers.map((marker, index) => (
          <Sign key={index} marker={marker} left={share(marker.at_ms)} isSigned={signed.has(marker)} />
        ))}
        <div className={classes.head} style={{ left: share(position) }} />
      </div>
      <Readout at={hovered} markers={markers} left={share(hovered ?? 0)} />
    </div>
  )
}

function Sign({ marker, left, isSigned }: { marker: Marker; left: string; isSigned: boolean }) {
  return (
    <span className={classes.sign} data-kind={marker.kind} style={{ left }}>
      {isSigned && markerLook(marker.kind).sign}
    </span>
  )
}

function Readout({ at, markers, left }: { at: number | null; markers: readonly Marker[]; left: string }) {
  if (at === null) return null
  const marker = markers.find((each) => each.at_ms === at)
  return (
    <div className={classes.readout} style={{ left }} aria-hidden="true">
      {clockWords(at)}
      {marker && ` · ${markerLook(marker.kind).word}: ${marker.text}`}
    </div>
  )
}

function nearest(markers: readonly Marker[], at: number, reach: number): Marker | undefined {
  return markers
    .filter((marker) => Math.abs(marker.at_ms - at) <= reach)
    .toSorted((a, b) => Math.abs(a.at_ms - at) - Math.abs(b.at_ms - at))[0]
}

function spokenPlace(markers: readonly Marker[], position: number): string {
  const marker = currentMarker(markers, position)
  const after = marker ? `, after ${markerLook(marker.kind).word}: ${marker.text}` : ''
  return spokenClock(position) + after
}

function moveByKey(event: KeyboardEvent, position: number, duration: number, seek: (to: number) => void): void {
  const steps: Record<string, number> = {
    ArrowRight: position + STEP_MS,
    ArrowUp: position + STEP_MS,
    ArrowLeft: position - STEP_MS,
    ArrowDown: position - STEP_MS,
    PageUp: position + PAGE_MS,
    PageDown: position - PAGE_MS,
    Home: 0,
    End: duration,
  }
  const to = steps[event.key]
  if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  event.stopPropagation()
  seek(to)
}
