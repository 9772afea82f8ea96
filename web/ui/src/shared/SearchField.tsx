import { TextInput } from '@mantine/core'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
}

/** Where `/` puts the cursor. */
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  return (
    <TextInput
      type="search"
      data-search
      aria-label={label}
      placeholder={`${label} ( / )`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      w={{ base: '100%', xs: 260 }}
    />
  )
}
