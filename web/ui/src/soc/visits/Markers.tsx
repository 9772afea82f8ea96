import { useEffect, useRef } from 'react'
import { clockWords } from '../player/clock-words'
import { currentMarker, markerLook, type Marker } from '../player/marker'
import classes from './Markers.module.css'

interface MarkersProps {
  markers: readonly Marker[]
  position: number
  onSeek: (to: number) => void
}

/** What happened, line by line; the line that is playing stays in sight. */
export function Markers({ markers, position, onSeek }: MarkersProps) {
  const current = currentMarker(markers, position)
  const list = useRef<HTMLOListElement>(null)
  const index = current ? markers.indexOf(current) : -1

  useEffect(() => {
    const element = list.current
    const row = element?.children[index]
    if (!element || !(row instanceof HTMLElement)) return
    const top = row.offsetTop - element.offsetTop
    const isSeen = top >= element.scrollTop && top + row.offsetHeight <= element.scrollTop + element.clientHeight
    if (!isSeen) element.scrollTop = top - element.clientHeight / 3
  }, [index])

  return (
    <ol ref={list} className={classes.list} aria-label="What happened">
      {markers.map((marker, row) => (
        <li key={row}>
          <button
            type="button"
            className={classes.marker}
            data-kind={marker.kind}
            aria-current={row === index ? 'step' : undefined}
            onClick={() => onSeek(marker.at_ms)}
          >
            <span className={classes.at}>{clockWords(marker.at_ms)}</span>
            <span className={classes.sign} aria-hidden="true">
              {markerLook(marker.kind).sign}
            </span>
            <span className={classes.text}>
              <span className={classes.word}>{markerLook(marker.kind).word}</span> {marker.text}
            </span>
          </button>
        </li>
      ))}
    </ol>
  )
}
