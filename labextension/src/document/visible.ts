import * as React from 'react';

/**
 * Whether somebody can see the document: what follows a run does so only then, because a browser
 * allows few connections to one server.
 */
export const VisibleContext = React.createContext(true);

/** Whether the document, and the page of the browser, is seen. */
export function useVisible(): boolean {
  const isShown = React.useContext(VisibleContext);
  const [isPageHidden, setPageHidden] = React.useState(document.hidden);
  React.useEffect(() => {
    const onChange = () => setPageHidden(document.hidden);
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return isShown && !isPageHidden;
}
