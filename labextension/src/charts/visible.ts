import * as React from 'react';

/**
 * Whether an element can be seen: not scrolled away, and not in a tab that is hidden.
 *
 * @param once - stay with yes when it was seen once.
 */
export function useVisible(
  element: React.RefObject<Element>,
  once = false
): boolean {
  const [isVisible, setVisible] = React.useState(false);
  React.useEffect(() => {
    const observed = element.current;
    if (observed === null || typeof IntersectionObserver === 'undefined') {
      setVisible(true);
      return undefined;
    }
    const observer = new IntersectionObserver(
      entries => {
        const now = entries[entries.length - 1].isIntersecting;
        setVisible(old => now || (once && old));
      },
      { rootMargin: '200px' }
    );
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element, once]);
  return isVisible;
}
