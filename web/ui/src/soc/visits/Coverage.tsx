import { Text } from '@mantine/core'
import { useId } from 'react'
import { clockWords } from '../player/clock-words'
import { bytesWords, coverageWords, withLanesAsOne, type TimelineChannel } from '../player/timeline'
import classes from './Coverage.module.css'

interface CoverageProps {
  channels: readonly TimelineChannel[]
  onOpen: (channel: TimelineChannel) => void
}

/** Channel by channel: what was recorded, and what was not. */
export function Coverage({ channels, onOpen }: CoverageProps) {
  const heading = useId()
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading} className={classes.heading}>
        What was recorded
      </h2>
      <ul className={classes.channels}>
        {withLanesAsOne(channels).map((channel) => (
          <li key={channel.id} className={classes.channel}>
            <div>
              <button type="button" className={classes.open} onClick={() => onOpen(channel)}>
                {channel.kind}
              </button>{' '}
              {channel.command && <code className={classes.command}>{channel.command}</code>}
            </div>
            <strong className={classes.words}>{coverageWords(channel.coverage, channel.why)}</strong>
            <Text className={classes.figures}>
              {clockWords(channel.began_ms)} to {channel.ended_ms === null ? 'now' : clockWords(channel.ended_ms)},{' '}
              {bytesWords(channel.bytes_in)} in, {bytesWords(channel.bytes_out)} out
              {channel.exit !== null && `, exit status ${channel.exit}`}
            </Text>
          </li>
        ))}
      </ul>
    </section>
  )
}
