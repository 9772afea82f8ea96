import { useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import classes from './Header.module.css'

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: 'light', light: 'dark', dark: 'auto' }
const WORDS: Record<MantineColorScheme, string> = { auto: 'as the system', light: 'light', dark: 'dark' }

const ICONS: Record<MantineColorScheme, string> = {
  light: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.8v1.7M10 16.5v1.7M1.8 10h1.7M16.5 10h1.7M4.2 4.2l1.2 1.2M14.6 14.6l1.2 1.2M4.2 15.8l1.2-1.2M14.6 5.4l1.2-1.2',
  dark: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z',
  auto: 'M3 4.5h14v9H3zM7.5 17h5M10 13.5V17',
}

/** Light, dark, or as the system is. */
export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const words = `Colours: ${WORDS[colorScheme]}; change to ${WORDS[NEXT[colorScheme]]}`
  return (
    <button
      type="button"
      className={classes.quiet}
      aria-label={words}
      title={words}
      onClick={() => setColorScheme(NEXT[colorScheme])}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
        <path d={ICONS[colorScheme]} strokeLinecap="round" strokeLinejoin="round" />
      </svg>
    </button>
  )
}
