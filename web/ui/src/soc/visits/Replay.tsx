import { ProblemPanel } from '#frame'
import { Loader, Tabs } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { markersOf, nextMarker, previousMarker } from '../player/marker'
import type { Player } from '../player/player'
import type { LoadPiece, PlayerState } from '../player/player-state'
import { channelTitle, isLane, isStream, type RecordingTimeline, type TimelineChannel } from '../player/timeline'
import { usePlayer } from '../player/usePlayer'
import type { ChannelScreen } from '../terminal/screen'
import { TerminalView } from '../terminal/TerminalView'
import { TranscriptView } from '../terminal/TranscriptView'
import { Controls } from './Controls'
import { Coverage } from './Coverage'
import { Markers } from './Markers'
import classes from './Replay.module.css'
import { ScreenText, useScreenText } from './ScreenText'
import { Timeline } from './Timeline'
import { useReplayKeys } from './useReplayKeys'

interface ReplayProps {
  timeline: RecordingTimeline
  load: LoadPiece
  /** Where the address says to begin. */
  at: number
  channel: number
  /** Tells where the reader is, when they stop or go somewhere. */
  onPlace: (at: number, channel: number) => void
  /** The address of a second of a channel. */
  linkTo: (at: number, channel: number) => string
}

export function Replay({ timeline, load, at, channel, onPlace, linkTo }: ReplayProps) {
  const [player, state] = usePlayer(load, timeline)
  const screen = useRef<ChannelScreen>(null)
  const begin = useRef(at)
  const text = useScreenText(screen)
  const markers = useMemo(() => markersOf(timeline.markers, channel), [timeline.markers, channel])
  const shown = timeline.channels.find((each) => each.id === channel) ?? timeline.channels[0]

  const open = (next: number, from: number): void => {
    if (next === shown?.id) player.seek(from)
    begin.current = from
    onPlace(from, next)
  }
  useOpenChannel(player, screen, shown?.id, begin)
  usePlaceInAddress(state, onPlace)

  const seek = useCallback((to: number) => player.seek(to), [player])
  const goNext = (): void => {
    const marker = nextMarker(markers, player.state.position)
    if (marker) seek(marker.at_ms)
  }
  const goPrevious = (): void => seek(previousMarker(markers, player.state.position)?.at_ms ?? 0)
  useReplayKeys(player, { next: goNext, previous: goPrevious })

  return (
    <div className={classes.replay}>
      <div className={classes.stage}>
        <ChannelTabs
          channels={timeline.channels.filter((channel) => !isLane(channel))}
          shown={shown?.id ?? 0}
          onShow={(next) => open(next, player.state.position)}
        />
        <div className={classes.screen}>
          {shown?.terminal === false ? (
            <TranscriptView key={shown.id} ref={screen} label={`Output of ${channelTitle(shown)}`} />
          ) : (
            <TerminalView key={shown?.id} ref={screen} label="Screen of the visit" />
          )}
          <Waiting state={state} onRetry={() => player.retry()} />
        </div>
        {shown && isStream(shown) && (
          <p className="dim">
            What passed here are the bytes of another protocol, which no screen shows. Export the recording as packets or as
            files to read them.
          </p>
        )}
        <Timeline
          duration={timeline.duration_ms}
          position={state.position}
          bufferedTo={state.bufferedTo}
          idle={timeline.idle}
          markers={markers}
          onSeek={seek}
        />
        <Controls
          player={player}
          state={state}
          duration={timeline.duration_ms}
          began={timeline.began}
          onPrevious={goPrevious}
          onNext={goNext}
          onReadAsText={text.open}
          link={() => linkTo(player.state.position, player.state.channel)}
        />
      </div>
      <Markers markers={markers} position={state.position} onSeek={seek} />
      <Coverage channels={timeline.channels} onOpen={(each) => open(each.id, each.began_ms)} />
      <ScreenText text={text.text} close={text.close} />
    </div>
  )
}

/** A channel that is chosen, or chosen anew, is drawn as it was at the present moment. */
function useOpenChannel(
  player: Player,
  screen: React.RefObject<ChannelScreen | null>,
  channel: number | undefined,
  begin: React.RefObject<number>,
): void {
  useEffect(() => {
    if (channel === undefined || !screen.current) return
    player.open(channel, begin.current, screen.current)
    return () => player.close()
  }, [player, screen, channel, begin])
}

/** The address follows the reader when they rest, not with every frame. */
function usePlaceInAddress(state: PlayerState, onPlace: (at: number, channel: number) => void): void {
  const { phase, position, channel } = state
  useEffect(() => {
    if (phase !== 'paused' && phase !== 'ended') return
    const rest = setTimeout(() => onPlace(position, channel), 300)
    return () => clearTimeout(rest)
  }, [phase, position, channel, onPlace])
}

interface ChannelTabsProps {
  channels: readonly TimelineChannel[]
  shown: number
  onShow: (channel: number) => void
}

function ChannelTabs({ channels, shown, onShow }: ChannelTabsProps) {
  if (channels.length < 2) return null
  return (
    <Tabs value={String(shown)} onChange={(value) => value !== null && onShow(Number(value))} variant="outline">
      <Tabs.List aria-label="Channels of the visit" className={classes.tabs}>
        {channels.map((channel) => (
          <Tabs.Tab key={channel.id} value={String(channel.id)} title={channel.command ?? channel.kind}>
            {channelTitle(channel)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  )
}

function Waiting({ state, onRetry }: { state: PlayerState; onRetry: () => void }) {
  if (state.phase === 'failed') {
    return (
      <div className={classes.failed}>
        <ProblemPanel error={state.problem} onRetry={onRetry} />
      </div>
    )
  }
  if (state.phase !== 'loading' && state.phase !== 'waiting') return null
  return (
    <div className={classes.waiting} role="status">
      <Loader size="xs" color="gray" /> Fetching
    </div>
  )
}
