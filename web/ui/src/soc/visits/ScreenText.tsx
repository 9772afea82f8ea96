import { Modal } from '@mantine/core'
import { useState, type RefObject } from 'react'
import type { ChannelScreen } from '../terminal/screen'
import classes from './ScreenText.module.css'

interface ScreenTextProps {
  /** Nothing while it is closed. */
  text: string | null
  close: () => void
}

/** What the screen says at this moment, to copy or to have read aloud. */
export function useScreenText(screen: RefObject<ChannelScreen | null>): ScreenTextProps & { open: () => void } {
  const [text, setText] = useState<string | null>(null)
  return {
    text,
    open: () => setText(screen.current?.text() ?? ''),
    close: () => setText(null),
  }
}

export function ScreenText({ text, close }: ScreenTextProps) {
  return (
    <Modal opened={text !== null} onClose={close} title="Screen as text" size="xl">
      <pre className={classes.text} tabIndex={0} aria-label="Text on the screen">
        {text === '' ? 'The screen is empty.' : text}
      </pre>
    </Modal>
  )
}
