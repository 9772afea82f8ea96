/** How an alert is closed. The names are the API's, the words are people's. */
export interface DispositionWords {
  value: 'true-positive' | 'benign' | 'false-positive' | 'needs-more-data'
  label: string
  meaning: string
  /** The key that chooses it in the dialog. */
  key: string
}

export const DISPOSITIONS: readonly DispositionWords[] = [
  { value: 'true-positive', label: 'True positive', meaning: 'It was what it said.', key: '1' },
  { value: 'benign', label: 'Benign', meaning: 'Planned, not communicated.', key: '2' },
  { value: 'false-positive', label: 'False positive', meaning: 'The rule was wrong.', key: '3' },
  {
    value: 'needs-more-data',
    label: 'Needs more data',
    meaning: 'Not decidable with what is known.',
    key: '4',
  },
]

export function dispositionLabel(value: string): string {
  return DISPOSITIONS.find((disposition) => disposition.value === value)?.label ?? value
}
