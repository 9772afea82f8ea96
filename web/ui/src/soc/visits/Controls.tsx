import { Moment } from '#frame'
import { ActionIcon, Button, Group, Text, Tooltip } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { clockWords } from '../player/clock-words'
import type { Player } from '../player/player'
import type { PlayerState } from '../player/player-state'
import classes from './Controls.module.css'

interface ControlsProps {
  player: Player
  state: PlayerState
  duration: number
  /** When the visit began. */
  began: string
  onPrevious: () => void
  onNext: () => void
  onReadAsText: () => void
  /** The address of the present second. */
  link: () => string
}

export function Controls({ player, state, duration, began, ...acts }: ControlsProps) {
  const wall = new Date(Date.parse(began) + state.position).toISOString()
  const isOn = state.isOn && state.phase !== 'failed'
  return (
    <div className={classes.controls}>
      <Group gap={6} wrap="nowrap">
        <Tip label="Previous marker" keys="shift m">
          <ActionIcon variant="default" size={36} aria-label="Previous marker" onClick={acts.onPrevious}>
            <Icon path="M4 3v10M13 3 6 8l7 5z" />
          </ActionIcon>
        </Tip>
        <Tip label={isOn ? 'Pause' : 'Play'} keys="space">
          <ActionIcon size={36} aria-label={isOn ? 'Pause' : 'Play'} onClick={() => player.toggle()}>
            <Icon path={isOn ? 'M5 3v10M11 3v10' : 'M4.5 2.5 13 8l-8.5 5.5z'} isFilled={!isOn} />
          </ActionIcon>
        </Tip>
        <Tip label="Next marker" keys="m">
          <ActionIcon variant="default" size={36} aria-label="Next marker" onClick={acts.onNext}>
            <Icon path="M12 3v10M3 3l7 5-7 5z" />
          </ActionIcon>
        </Tip>
        <Text className={classes.clock}>
          {clockWords(state.position)} <span className={classes.of}>/ {clockWords(duration)}</span>
        </Text>
      </Group>
      <div className={classes.wall}>
        <Moment at={wall} isLong isBare />
      </div>
      <Group gap={4} wrap="nowrap" role="group" aria-label="Speed">
        <Tip label="Slower" keys="[">
          <ActionIcon variant="default" size={30} aria-label="Slower" onClick={() => player.slower()}>
            <Icon path="M3 8h10" />
          </ActionIcon>
        </Tip>
        <Text className={classes.speed} aria-live="polite">
          {state.speed}×
        </Text>
        <Tip label="Faster" keys="]">
          <ActionIcon variant="default" size={30} aria-label="Faster" onClick={() => player.faster()}>
            <Icon path="M3 8h10M8 3v10" />
          </ActionIcon>
        </Tip>
      </Group>
      <Button
        variant={state.skipsIdle ? 'light' : 'default'}
        size="xs"
        aria-pressed={state.skipsIdle}
        onClick={() => player.setSkipsIdle(!state.skipsIdle)}
      >
        Skip idle: {state.skipsIdle ? 'on' : 'off'}
      </Button>
      <Group gap={6} ml="auto">
        <Button variant="default" size="xs" onClick={acts.onReadAsText}>
          Screen as text
        </Button>
        <CopyLink link={acts.link} />
      </Group>
    </div>
  )
}

function CopyLink({ link }: { link: () => string }) {
  const { copied, copy, error } = useClipboard({ timeout: 2_000 })
  return (
    <Button variant="default" size="xs" onClick={() => copy(link())}>
      {copied ? 'Link copied' : error ? 'Copy the address above' : 'Link to this second'}
    </Button>
  )
}

function Tip({ label, keys, children }: { label: string; keys: string; children: React.ReactElement }) {
  return (
    <Tooltip label={`${label} (${keys})`} openDelay={400}>
      {children}
    </Tooltip>
  )
}

function Icon({ path, isFilled = false }: { path: string; isFilled?: boolean }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill={isFilled ? 'currentColor' : 'none'}
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
