/** What is to be submitted, found out from a path, from selected cells, or from an old run. */
import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';

import type { IValuesSchema } from '../model/schema';
import type { Requester } from '../server/request';
import type { Run } from '../types';
import { cellsName, cellsNotebook, kernelOf } from './cells';
import {
  declaredOrHint,
  NOTHING_DECLARED,
  schemaOfValues,
  snapshotParameters
} from './parameters';
import type { IOpenDocument, ISubject } from './state';
import { splitLine } from './words';

/** What is needed to look at files. */
export interface IFileServices {
  readonly contents: Contents.IManager;
  readonly documents: IDocumentManager | null;
  readonly requester: Requester;
}

/** The server's own files; those of other drives are not below its root. */
function isServers(contents: Contents.IManager, path: string): boolean {
  return ['', 'RTC'].includes(contents.driveName(path));
}

/**
 * The experiment that runs of a folder belong to: the folder's name.
 *
 * Source: `experiment_of` in `jupyter_exec/client/options.py`.
 */
export function experimentOf(folder: string, root: string): string {
  const name = PathExt.basename(folder || root.replace(/[\\/]+$/, ''));
  const legal = name.replace(/[^A-Za-z0-9_. -]+/g, '-').slice(0, 200);
  return legal.replace(/^[^A-Za-z0-9]+/, '') || 'default';
}

const NOTHING: Omit<
  ISubject,
  'kind' | 'path' | 'folder' | 'fileName' | 'name' | 'experiment'
> = {
  content: null,
  kernel: null,
  shell: [],
  schema: NOTHING_DECLARED.schema,
  hints: [],
  run: null,
  document: null,
  takesParameters: false
};

/** Look at a notebook, a script or a folder. */
export async function subjectOfPath(
  path: string,
  services: IFileServices
): Promise<ISubject> {
  const { contents } = services;
  const model = await contents.get(path, { content: false });
  const local = contents.localPath(path);
  const readable = isServers(contents, path);
  const isFolder = model.type === 'directory';
  const folder = isFolder ? local : PathExt.dirname(local);
  const root = PageConfig.getOption('serverRoot');
  const name =
    PathExt.basename(local) || PathExt.basename(root.replace(/\/+$/, ''));
  const common = {
    ...NOTHING,
    path,
    folder: readable ? folder : null,
    fileName: isFolder ? '' : name,
    name,
    experiment: experimentOf(folder, root),
    document: openDocument(path, services.documents)
  };
  if (isFolder) {
    if (!readable) {
      throw new Error(
        `${path} is not a folder of the server; copy it below the server's root folder first.`
      );
    }
    return { ...common, kind: 'folder' };
  }
  if (name.endsWith('.ipynb')) {
    const content = await notebookAt(path, services);
    return {
      ...common,
      ...(await ofNotebook(content, name, services.requester)),
      content: readable ? null : content,
      kind: 'notebook'
    };
  }
  const isShell = /\.(sh|bash)$/.test(name);
  const text = isShell || !readable ? await textOf(path, contents) : null;
  return {
    ...common,
    kind: isShell ? 'shell' : 'script',
    content: readable ? null : text,
    shell: isShell ? shellOf(name, text ?? '') : []
  };
}

async function ofNotebook(
  content: INotebookContent,
  name: string,
  requester: Requester
): Promise<
  Pick<ISubject, 'kernel' | 'schema' | 'hints' | 'exact' | 'takesParameters'>
> {
  const declared = await declaredOrHint(content, name, requester);
  return {
    kernel: kernelOf(content),
    ...declared,
    takesParameters: true
  };
}

function contextOf(
  path: string,
  documents: IDocumentManager | null
): DocumentRegistry.Context | null {
  const widget = documents?.findWidget(path, null);
  return (widget && documents?.contextForWidget(widget)) || null;
}

function openDocument(
  path: string,
  documents: IDocumentManager | null
): IOpenDocument | null {
  const context = contextOf(path, documents);
  return context === null
    ? null
    : {
        get isDirty() {
          return context.model.dirty;
        },
        save: async () => {
          await context.save();
          if (context.model.dirty) {
            throw new Error(`${context.path} could not be saved.`);
          }
        }
      };
}

/** A notebook as it is open, or as it lies on disk. */
async function notebookAt(
  path: string,
  services: IFileServices
): Promise<INotebookContent> {
  const context = contextOf(path, services.documents);
  if (context !== null) {
    return context.model.toJSON() as unknown as INotebookContent;
  }
  const model = await services.contents.get(path, {
    type: 'notebook',
    content: true
  });
  return model.content as INotebookContent;
}

async function textOf(
  path: string,
  contents: Contents.IManager
): Promise<string> {
  const model = await contents.get(path, {
    type: 'file',
    format: 'text',
    content: true
  });
  return String(model.content);
}

/** The program that runs a shell script: its own first line, or the shell of its ending. */
function shellOf(name: string, text: string): readonly string[] {
  const first = text.split('\n', 1)[0];
  return first.startsWith('#!')
    ? splitLine(first.slice(2).trim()).words
    : [name.endsWith('.bash') ? 'bash' : 'sh'];
}

/** The selected cells of an open notebook. */
export async function subjectOfCells(
  path: string,
  selected: readonly number[],
  services: IFileServices
): Promise<ISubject> {
  const whole = await subjectOfPath(path, services);
  const content = await notebookAt(path, services);
  const code = selected.filter(
    index => content.cells[index]?.cell_type === 'code'
  );
  const stem = whole.fileName.replace(/\.ipynb$/, '');
  return {
    ...whole,
    kind: 'cells',
    // Its cells are sent as they are now, so nothing needs to be saved.
    document: null,
    fileName: `${stem}-cells.ipynb`,
    name: cellsName(code.map(index => content.cells[index])),
    cells: above => cellsNotebook(content, code, above),
    cellCount: code.length
  };
}

/**
 * A run that is to be run again with changes.
 *
 * @param run - with its definition.
 */
export async function subjectOfRun(
  run: Run,
  requester: Requester
): Promise<ISubject> {
  const { script, command, parameters } = run.definition.configuration ?? {};
  const isNotebook = !command && (script ?? '').endsWith('.ipynb');
  const given = schemaOfValues(parameters ?? {});
  const declared =
    isNotebook && run.snapshotId
      ? await snapshotParameters(run.snapshotId, script ?? '', requester)
      : NOTHING_DECLARED;
  const schema: IValuesSchema = {
    properties: { ...given.properties, ...declared.schema.properties }
  };
  return {
    ...NOTHING,
    kind: 'rerun',
    path: run.runId,
    folder: null,
    fileName: script ?? '',
    name: run.displayName,
    experiment: run.experiment,
    schema,
    hints: declared.hints,
    exact: declared.exact,
    run,
    takesParameters: isNotebook
  };
}
