import { TextInput } from '@mantine/core'
import classes from './WallInput.module.css'
import type { Wall } from './zone'

interface WallInputProps {
  /** What the two fields are for: `Opens`. */
  label: string
  value: Wall
  onChange: (wall: Wall) => void
  error?: string | undefined
}

/** A date and a time on the hospital's clock, 0–23 hours whatever the browser's language. */
export function WallInput({ label, value, onChange, error }: WallInputProps) {
  return (
    <fieldset className={classes.wall}>
      <legend className="spoken">{label}</legend>
      <TextInput
        type="date"
        label={label}
        aria-label={`${label}: date`}
        value={value.date}
        error={error}
        onChange={(event) => onChange({ ...value, date: event.currentTarget.value })}
      />
      <TextInput
        label="at"
        aria-label={`${label}: time, hours and minutes`}
        placeholder="22:00"
        inputMode="numeric"
        maxLength={5}
        value={value.time}
        error={error !== undefined}
        onChange={(event) => onChange({ ...value, time: event.currentTarget.value })}
        onBlur={() => onChange({ ...value, time: tidyTime(value.time) })}
      />
    </fieldset>
  )
}

/** `7`, `730`, `7.30` and `07:30` as `07:00` and `07:30`; what is no time stays as it is. */
export function tidyTime(text: string): string {
  const found = /^(\d{1,2})[:.]?(\d{2})?$/.exec(text.trim())
  if (!found) return text
  const hour = Number(found[1])
  const minute = Number(found[2] ?? 0)
  if (hour > 23 || minute > 59) return text
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}
