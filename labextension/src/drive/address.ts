import type { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';

/** Parts of JupyterLab that this works with. */
export interface IAddressed {
  readonly shell: Pick<ILabShell, 'currentPathChanged'>;
  /** JupyterLab writes no path before it knows what the first address meant. */
  readonly resolver: JupyterFrontEnd.ITreeResolver;
}

/**
 * Keep files of our drives out of the page's address.
 *
 * JupyterLab writes the path of the document in front into the address, and looks for it in the
 * file browser after a reload; there it finds no file browser for our drives, and says so in a
 * dialog. What was open is opened again by the layout, so the address can do without.
 *
 * Call it after JupyterLab's own listener was connected, and before the first route.
 *
 * @param isOurs - whether a path is one of our drives.
 * @param folder - the folder that the address tells of instead.
 */
export function keepAddressPlain(
  { shell, resolver }: IAddressed,
  isOurs: (path: string) => boolean,
  folder: () => string
): void {
  const leave = (path: string, treePath: string) => {
    if (isOurs(path)) {
      const url = URLExt.parse(PageConfig.getUrl({ treePath }));
      PageConfig.setOption('treePath', treePath);
      // Replaced, so that "Back" does not lead there either.
      const { search, hash } = window.location;
      window.history.replaceState({}, '', url.pathname + search + hash);
    }
  };
  leave(PageConfig.getOption('treePath'), '');
  shell.currentPathChanged.connect((_, { newValue }) => {
    void resolver.paths.then(() => leave(newValue, folder()));
  });
}
