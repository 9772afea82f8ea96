import { Tabs } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { channelTitle } from '../player/timeline'
import type { ChannelScreen } from '../terminal/screen'
import { TerminalView } from '../terminal/TerminalView'
import { TranscriptView } from '../terminal/TranscriptView'
import type { Watch, WatchedChannel } from './watch'
import classes from './WatchPage.module.css'

interface WatchedChannelsProps {
  watch: Watch
  channels: readonly WatchedChannel[]
}

/** A tab for each channel; all are drawn all the time, so that a change of tabs shows the present at once. */
export function WatchedChannels({ watch, channels }: WatchedChannelsProps) {
  const [chosen, setChosen] = useState<number | null>(null)
  const shown = chosen ?? preferred(channels)
  return (
    <Tabs value={String(shown)} onChange={(value) => setChosen(Number(value))} variant="outline" keepMounted>
      {channels.length > 1 && (
        <Tabs.List aria-label="Channels of the visit" className={classes.tabs}>
          {channels.map((channel) => (
            <Tabs.Tab key={channel.channel} value={String(channel.channel)} title={channel.command ?? channel.kind}>
              {channelTitle(channel)}
              {channel.isOver && ' (closed)'}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      )}
      {channels.map((channel) => (
        <Tabs.Panel key={channel.channel} value={String(channel.channel)} className={classes.channel}>
          <Channel watch={watch} channel={channel} />
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

function Channel({ watch, channel }: { watch: Watch; channel: WatchedChannel }) {
  const screen = useRef<ChannelScreen>(null)
  useEffect(() => {
    if (screen.current) return watch.attach(channel.channel, screen.current)
  }, [watch, channel.channel])
  return channel.columns > 0 ? (
    <TerminalView ref={screen} label={`Live screen, ${channel.columns} by ${channel.rows}`} />
  ) : (
    <TranscriptView ref={screen} label={`Live output of ${channelTitle(channel)}`} />
  )
}

/** The first channel that is still open, else the last one. */
function preferred(channels: readonly WatchedChannel[]): number {
  return (channels.find((channel) => !channel.isOver) ?? channels.at(-1))?.channel ?? 0
}
