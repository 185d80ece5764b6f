import { formatNumber } from '../components/format';

/** A value as text: whole numbers in full, others with up to 5 significant digits. */
export function formatValue(value: number): string {
  return Number.isSafeInteger(value) && Math.abs(value) < 1e12
    ? String(value)
    : formatNumber(value);
}
