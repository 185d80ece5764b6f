/** Numbers and times as people read them. No DOM, no translation: units are international. */

/** A length of time such as `0.4 s`, `12 s`, `3:05`, `2:03:05`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) {
    return `${s.toFixed(1)} s`;
  }
  if (s < 60) {
    return `${Math.floor(s)} s`;
  }
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (s < 3600) {
    return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  }
  if (s < 86_400) {
    return `${Math.floor(s / 3600)}:${pad((s % 3600) / 60)}:${pad(s % 60)}`;
  }
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** A moment, as people of this browser's language write it; the same everywhere. */
export function formatTime(time: string | number): string {
  return new Date(time).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium'
  });
}

/** A size such as `0 B`, `1.5 kB`, `2.3 GB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${units[unit]}`;
}

/** A number of a metric: up to 5 significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  return Number.isInteger(value) && Math.abs(value) < 1e6
    ? String(value)
    : String(Number(value.toPrecision(5)));
}

/** A number of things: `12,345`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en');
}

/** How many processors were busy, such as `0`, `< 0.01`, `0.03`, `1.2`, `12`. */
export function formatCpus(cpus: number): string {
  return cpus > 0 && cpus < 0.01
    ? '< 0.01'
    : formatNumber(Number(cpus.toFixed(cpus < 1 ? 2 : 1)));
}
