import * as React from 'react';

/**
 * A list that stays the same object as long as its items are the same, so that `useMemo` can depend
 * on a list whose length changes.
 */
export function useSame<T>(list: readonly T[]): readonly T[] {
  const kept = React.useRef(list);
  const old = kept.current;
  if (
    old.length !== list.length ||
    old.some((item, index) => !Object.is(item, list[index]))
  ) {
    kept.current = list;
  }
  return kept.current;
}
