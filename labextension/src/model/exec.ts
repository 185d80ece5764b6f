import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import { RunsApi } from '../server/api';
import { EventStream } from '../server/eventstream';
import { Requester } from '../server/request';
import { TemplatesApi } from '../server/templates';
import type { IRunFilter } from '../types';
import { RunList } from './runlist';
import { RunStore } from './runstore';
import { TemplatesModel } from './templates';

/** The one model that all views share: the server, what it says, and the runs that are known. */
export class ExecModel implements IDisposable {
  constructor(settings: ServerConnection.ISettings) {
    this.requester = new Requester(settings);
    this.runs = new RunsApi(this.requester);
    this.stream = new EventStream(this.requester);
    this.store = new RunStore(this.runs, this.stream);
    this.templates = new TemplatesModel(new TemplatesApi(this.requester));
  }

  readonly requester: Requester;
  readonly runs: RunsApi;
  readonly stream: EventStream;
  readonly store: RunStore;
  readonly templates: TemplatesModel;
  /** Ids of the notifications that tell of a submission, by run id: its end takes their place. */
  readonly notices = new Map<string, string>();

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** A list of runs; whoever asks for it disposes it. */
  list(filter: IRunFilter): RunList {
    const list = new RunList(this.runs, this.store, filter);
    // `dispose` of the list ends the connection.
    this.stream.reset.connect(readAgain, list);
    return list;
  }

  dispose(): void {
    this._isDisposed = true;
    this.store.dispose();
    this.templates.dispose();
    this.stream.dispose();
  }

  private _isDisposed = false;
}

/** A list that was read before the server's events began anew is read again. */
function readAgain(this: RunList): void {
  if (this.total !== null) {
    void this.refresh();
  }
}
