/** What a run may use, checked before anything is sent. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { FieldId, ISubmitState } from './state';
import { parseDuration } from './words';

/**
 * Tell which resources cannot be read; those left empty are right.
 *
 * Source: `ResourceRequest`, `parse_size` and `retries` in `jupyter_exec/model/definition.py`.
 */
export function complainOfResources(
  state: ISubmitState,
  trans: TranslationBundle,
  complain: (field: FieldId, message: string) => void
): void {
  const isWhole = (text: string, most: number) =>
    /^\d+$/.test(text) && Number(text) <= most;
  const rules = [
    [
      'cpus',
      (text: string) => Number(text) > 0 && Number.isFinite(Number(text)),
      trans.__('A number such as 2 or 0.5 is needed.')
    ],
    [
      'memory',
      (text: string) =>
        /^\d+(\.\d+)?\s*[kmgt]?i?b?$/i.test(text) && parseFloat(text) > 0,
      trans.__('A size such as 512M or 2G is needed.')
    ],
    [
      'gpus',
      (text: string) => isWhole(text, 100_000),
      trans.__('A whole number such as 0 or 2 is needed.')
    ],
    [
      'timeLimit',
      (text: string) => parseDuration(text) !== null,
      trans.__('A time such as 90s, 10m, 2h or 1h30m is needed.')
    ],
    [
      'retries',
      (text: string) => isWhole(text, 100),
      trans.__('A whole number from 0 to 100 is needed.')
    ]
  ] as const;
  for (const [field, isRight, message] of rules) {
    const text = state[field].trim();
    if (text !== '' && !isRight(text)) {
      complain(field, message);
    }
  }
}
