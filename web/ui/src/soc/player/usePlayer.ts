import { useEffect, useState, useSyncExternalStore } from 'react'
import { Player } from './player'
import type { Extent, LoadPiece, PlayerState } from './player-state'
import type { RecordingTimeline } from './timeline'

/** A player for a recording; it ticks with the screen while it plays, and pauses when nobody looks. */
export function usePlayer(load: LoadPiece, timeline: RecordingTimeline): [Player, PlayerState] {
  const [player] = useState(() => new Player(load, () => performance.now(), extentOf(timeline)))
  const state = useSyncExternalStore(player.subscribe, () => player.state)

  useEffect(() => player.extend(extentOf(timeline)), [player, timeline])

  const isPlaying = state.phase === 'playing'
  useEffect(() => {
    if (!isPlaying) return
    let frame = requestAnimationFrame(function tick() {
      player.tick()
      frame = requestAnimationFrame(tick)
    })
    return () => cancelAnimationFrame(frame)
  }, [player, isPlaying])

  useEffect(() => {
    const pauseUnseen = (): void => {
      if (document.hidden) player.pause()
    }
    document.addEventListener('visibilitychange', pauseUnseen)
    return () => document.removeEventListener('visibilitychange', pauseUnseen)
  }, [player])

  return [player, state]
}

function extentOf(timeline: RecordingTimeline): Extent {
  const ends = new Map(timeline.channels.map((channel) => [channel.id, channel.ended_ms]))
  return {
    duration: timeline.duration_ms,
    idle: timeline.idle,
    endOf: (channel: number): number => ends.get(channel) ?? timeline.duration_ms,
  }
}
