/** The commands of this extension; each is registered by the plug-in that owns what it does. */
export const CommandIDs = {
  /** Show the sidebar. */
  showSidebar: 'jupyter-exec:show-sidebar',
  /** Open a run's document: `{runId: string, tab?: string}`. */
  openRun: 'jupyter-exec:open-run',
  /** Cancel a run: `{runId?: string}`; the run of the current tab where none is named. */
  cancelRun: 'jupyter-exec:cancel-run',
  /** Run it again: `{runId?: string}`. */
  rerun: 'jupyter-exec:rerun',
  /** Run it again with changes, in a dialog: `{runId?: string}`. */
  rerunWithChanges: 'jupyter-exec:rerun-with-changes',
  /** Make a template of a run and open it for editing: `{runId?: string}`. */
  saveAsTemplate: 'jupyter-exec:save-as-template',
  /** Cancel runs: `{runIds: string[]}`. */
  cancelRuns: 'jupyter-exec:cancel-runs',
  /** Delete runs, after a question: `{runIds: string[]}`. */
  deleteRuns: 'jupyter-exec:delete-runs',
  /** Add tags to runs or take them away, in a dialog: `{runIds: string[]}`. */
  tagRuns: 'jupyter-exec:tag-runs',
  /** Pin runs, so that no limit of the server removes them; unpin them where all are: `{runIds: string[]}`. */
  pinRuns: 'jupyter-exec:pin-runs',
  /** Copy the ids of runs: `{runIds: string[]}`. */
  copyRunIds: 'jupyter-exec:copy-run-ids',
  /** Copy the id of a run: `{runId?: string}`. */
  copyRunId: 'jupyter-exec:copy-run-id',
  /** Pin a run, so that no limit of the server removes it; unpin it where it is: `{runId?: string}`. */
  pinRun: 'jupyter-exec:pin-run',
  /** Delete a run that has ended, after a question: `{runId?: string}`. */
  deleteRun: 'jupyter-exec:delete-run',
  /** Show the folder that a run's code was taken from in the file browser: `{runId?: string}`. */
  openFolder: 'jupyter-exec:open-folder',
  /** Show the outputs folder of a run in a file browser of its own, read-only: `{runId: string}`. */
  openOutputs: 'jupyter-exec:open-outputs',
  /** Start TensorBoard on what a run has written, in a tab of the browser: `{runId?: string}`. */
  openTensorBoard: 'jupyter-exec:open-tensorboard',
  /** Compare runs: `{runIds: string[]}`. */
  compare: 'jupyter-exec:compare',
  /** The dialog for a notebook, script or folder: `{path?: string}`; the current document otherwise. */
  submitFile: 'jupyter-exec:submit-file',
  /** The same for the selected cells of the current notebook. */
  submitCells: 'jupyter-exec:submit-cells',
  /** The dialog for what is selected in the file browser. */
  submitSelected: 'jupyter-exec:submit-selected',
  /** Pick a notebook, script or folder, then the dialog for it. */
  newRun: 'jupyter-exec:new-run',
  /** Open an output of a run in Lab's own viewer: `{runId: string, path: string}`. */
  openOutput: 'jupyter-exec:open-output',
  /** The same for a file of a run's code: `{snapshotId: string, path: string}`. */
  openCode: 'jupyter-exec:open-code',
  /** Copy a file of a run into the folder of the file browser: `{path: string}`, drive included. */
  saveCopy: 'jupyter-exec:save-copy',
  /** A template's form: `{name: string, params?: object}`; asks which one where none is named. */
  runTemplate: 'jupyter-exec:run-template',
  /** A template as YAML: `{name?: string, draft?: TemplateDraft}`; a new one without both. */
  editTemplate: 'jupyter-exec:edit-template',
  /** A template's versions and what differs: `{name: string}`. */
  templateHistory: 'jupyter-exec:template-history',
  /** Delete a template, after a question: `{name: string}`. */
  deleteTemplate: 'jupyter-exec:delete-template'
} as const;
