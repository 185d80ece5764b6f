import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { DocumentRegistry } from '@jupyterlab/docregistry';

/** Parts of JupyterLab that the views of files use, where the application has them. */
export interface IFileServices {
  /** Editors with the user's own settings. */
  editors: IEditorServices | null;
  /** What types of files there are: their icons and their viewers. */
  registry: DocumentRegistry | null;
  /** Files larger than this are not loaded. */
  limitBytes: () => number;
}

/** Set once by the plug-in of the drives; views are opened later. */
export const fileServices: IFileServices = {
  editors: null,
  registry: null,
  limitBytes: () => 50e6
};
