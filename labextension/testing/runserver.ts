import { ServerConnection } from '@jupyterlab/services';

import { ExecModel } from '../src/model/exec';
import { isTerminal } from '../src/model/lifecycle';
import { matches } from '../src/model/runlist';
import type {
  ActionRequest,
  IRunFilter,
  Run,
  RunEvent,
  RunStatus
} from '../src/types';

/** More than `Run` has optional fields of, for a test to write down what matters to it. */
export type RunFields = Partial<Run> & { runId: string };

const GONE = { error: { code: 'UserError', message: 'there is no such run' } };
const START = Date.parse('2026-01-01T00:00:00.000Z');

/** What our routes would answer, held in memory, behind `fetch`: lists, experiments, events. */
export class RunServer {
  constructor() {
    this.model = new ExecModel(
      ServerConnection.makeSettings({
        baseUrl: 'http://localhost/',
        fetch: (input: RequestInfo | URL) => this._fetch(input),
        Request,
        Headers
      })
    );
  }

  readonly model: ExecModel;
  /** Newest last. */
  readonly runs: Run[] = [];
  /** The routes that were asked, with their queries. */
  readonly asked: string[] = [];
  /** Answers wait for this, so that a test can make events overtake them. */
  gate: Promise<void> = Promise.resolve();
  isDown = false;
  /** What every request is answered with; 200 = as it should be. */
  status = 200;

  /** Follow the events, as the application does when it is ready. */
  async start(): Promise<void> {
    this.model.stream.start();
    await this.model.stream.ready;
  }

  stop(): void {
    this.model.dispose();
    this._stream?.close();
  }

  /** End the stream of events, as a server does that goes away. */
  breakStream(): void {
    this._stream?.error(new TypeError('network error'));
    this._stream = null;
  }

  /** Store a run; it is not told. */
  add(fields: RunFields): Run {
    const run = makeRun(this.runs.length, fields);
    this.runs.push(run);
    return run;
  }

  /** Submit a run. */
  create(fields: RunFields): Run {
    const run = this.add(fields);
    this.tell({
      type: 'created',
      runId: run.runId,
      time: run.createdAt,
      status: run.status,
      experiment: run.experiment,
      displayName: run.displayName,
      target: run.target,
      parentRunId: run.parentRunId,
      tags: run.tags,
      template: null
    });
    return run;
  }

  /** Bring a run into a state. */
  move(runId: string, status: RunStatus): void {
    const at = this.runs.findIndex(run => run.runId === runId);
    const endedAt = isTerminal(status) ? new Date().toISOString() : null;
    this.runs[at] = { ...this.runs[at], status, endedAt };
    const { startedAt, exitCode, error, attempt } = this.runs[at];
    this.tell({
      type: 'state',
      runId,
      time: new Date().toISOString(),
      status,
      startedAt,
      endedAt,
      exitCode,
      error,
      attempt
    });
  }

  delete(runId: string): void {
    const at = this.runs.findIndex(run => run.runId === runId);
    this.runs.splice(at, 1);
    this.tell({ type: 'deleted', runId, time: new Date().toISOString() });
  }

  /** Send an event to who follows. */
  tell(event: Unnumbered<RunEvent>): void {
    this._lastId += 1;
    const data = JSON.stringify({ id: this._lastId, ...event });
    const block = `id: ${this._lastId}\ndata: ${data}\n\n`;
    this._stream?.enqueue(new TextEncoder().encode(block));
  }

  private async _fetch(input: RequestInfo | URL): Promise<Response> {
    const url = new URL((input as Request).url ?? String(input));
    const route = url.pathname.replace('/jupyter-exec/v1/', '');
    this.asked.push(route + url.search);
    if (this.isDown) {
      throw new TypeError('Failed to fetch');
    }
    if (this.status !== 200) {
      const body = JSON.stringify({ error: { message: 'for programs' } });
      return new Response(body, { status: this.status });
    }
    if (route === 'events') {
      return new Response(this._open());
    }
    const request = input instanceof Request ? input : null;
    const answer =
      request?.method === 'POST'
        ? this._act(await request.json())
        : this._answer(route, url.searchParams);
    const body = JSON.stringify(answer ?? GONE);
    await this.gate;
    return new Response(body, { status: answer === undefined ? 404 : 200 });
  }

  /** `run-actions`: deletes the runs that are there. */
  private _act({ runIds }: ActionRequest): unknown {
    const results = runIds.map(runId => {
      const isThere = this.runs.some(run => run.runId === runId);
      if (isThere) {
        this.delete(runId);
      }
      return { runId, run: null, error: isThere ? null : GONE.error };
    });
    return { results };
  }

  private _open(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: controller => {
        this._stream = controller;
        const hello = `: connected\nid: ${this._lastId}\n\n`;
        controller.enqueue(new TextEncoder().encode(hello));
      }
    });
  }

  private _answer(route: string, query: URLSearchParams): unknown {
    if (route === 'experiments') {
      const names = [...new Set(this.runs.map(run => run.experiment))];
      const experiments = names.reverse().map(name => this._experiment(name));
      return { experiments, next: null, total: experiments.length };
    }
    if (route.startsWith('runs/')) {
      return this.runs.find(run => `runs/${run.runId}` === route);
    }
    const filter = {
      ...Object.fromEntries(query),
      top: query.get('top') === 'true',
      status: query.get('status')?.split(',') as RunStatus[] | undefined
    } as IRunFilter;
    const found = this.runs.filter(run => matches(filter, run)).reverse();
    const from = Number(query.get('cursor') ?? 0);
    const to = from + Number(query.get('limit'));
    return {
      runs: found.slice(from, to),
      next: to < found.length ? String(to) : null,
      total: found.length
    };
  }

  private _experiment(name: string): unknown {
    const runs = this.runs.filter(
      run => run.experiment === name && run.parentRunId === null
    );
    return {
      name,
      runs: runs.length,
      active: runs.filter(run => !isTerminal(run.status)).length,
      failed: runs.filter(run => run.status === 'Failed').length,
      lastCreatedAt: runs[runs.length - 1]?.createdAt
    };
  }

  private _lastId = 0;
  private _stream: ReadableStreamDefaultController<Uint8Array> | null = null;
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;

/** A run, the later the newer. */
export function makeRun(number: number, fields: RunFields): Run {
  return {
    experiment: 'first',
    displayName: fields.runId,
    status: 'Completed',
    target: 'local',
    createdAt: new Date(START + number * 1000).toISOString(),
    startedAt: null,
    endedAt: null,
    exitCode: null,
    error: null,
    snapshotId: null,
    sourcePath: null,
    parentRunId: null,
    tags: {},
    progress: null,
    attempt: 1,
    git: null,
    template: null,
    usage: null,
    environment: null,
    definition: {} as Run['definition'],
    ...fields
  };
}

/** Wait for a signal's next emission after which something holds. */
export async function until<T>(
  signal: {
    connect: (slot: () => void) => void;
    disconnect: (slot: () => void) => void;
  },
  holds: () => T
): Promise<void> {
  if (holds()) {
    return;
  }
  await new Promise<void>(resolve => {
    const slot = () => {
      if (holds()) {
        signal.disconnect(slot);
        resolve();
      }
    };
    signal.connect(slot);
  });
}
