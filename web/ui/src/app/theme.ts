import { createTheme, type CSSVariablesResolver } from '@mantine/core'

const PETROL = [
  '#edf6f7',
  '#dcecef',
  '#b5d8de',
  '#8bc3cc',
  '#66b0bc',
  '#4aa3b1',
  '#2b8696',
  '#166f7e',
  '#0d5f6d',
  '#084f5b',
] as const

const GRAY = [
  '#f8f9fa',
  '#f1f3f5',
  '#e6e9ed',
  '#dbe0e5',
  '#c6ccd3',
  '#8d97a1',
  '#57626d',
  '#45505b',
  '#2c353e',
  '#171c21',
] as const

const DARK = [
  '#e8ebee',
  '#c3cad1',
  '#9ca7b1',
  '#7f8a95',
  '#3c444c',
  '#242a30',
  '#1b2025',
  '#101316',
  '#0b0d0f',
  '#060708',
] as const

const RED = [
  '#fdeeee',
  '#f9d9d9',
  '#f0b4b4',
  '#e68b8b',
  '#dc6a6a',
  '#d14d4f',
  '#c53338',
  '#b3242a',
  '#a3181f',
  '#8a1018',
] as const

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 8, dark: 7 },
  colors: { petrol: PETROL, gray: GRAY, dark: DARK, red: RED },
  fontFamily: "'Inter Variable', ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '18px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  headings: { fontWeight: '620' },
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  // Plain objects: a component that is only named here is not fetched with the first page.
  components: {
    Button: { defaultProps: { size: 'sm' }, styles: { root: { fontWeight: 550 } } },
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 5 } } },
    Modal: {
      defaultProps: {
        centered: true,
        size: 480,
        overlayProps: { backgroundOpacity: 0.4 },
        transitionProps: { duration: 120, transition: 'fade' },
        closeButtonProps: { 'aria-label': 'Close' },
        // A <header>, which would count as the page's banner.
        attributes: { header: { role: 'presentation' } },
      },
      styles: { title: { fontWeight: 620, fontSize: 16 } },
    },
    Select: { defaultProps: { comboboxProps: { transitionProps: { duration: 80 } } } },
  },
})

/** Mantine's own names for our colours. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {
    '--mantine-color-body': 'var(--panel)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--dim)',
    '--mantine-color-error': 'var(--bad-ink)',
    '--mantine-color-anchor': 'var(--accent-ink)',
    '--mantine-color-default-border': 'var(--line-strong)',
  },
  light: {},
  dark: {
    '--mantine-color-body': 'var(--panel)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--dim)',
    '--mantine-color-error': 'var(--bad-ink)',
    '--mantine-color-anchor': 'var(--accent-ink)',
    '--mantine-color-default-border': 'var(--line-strong)',
  },
})
