import type {
  Run,
  SweepRequest,
  Template,
  TemplateDraft,
  TemplateRunRequest,
  TemplateSchema
} from '../types';
import { Requester } from './request';

/** A page of templates by name; `next` is the cursor of the page after it. */
export interface ITemplatePage {
  readonly templates: Template[];
  readonly next: string | null;
  readonly total: number;
}

const YAML = { 'Content-Type': 'application/yaml' };

/** Our own routes about templates, one method each. Source: `notebooks/rest.md`. */
export class TemplatesApi {
  constructor(readonly requester: Requester) {}

  /** A page of templates whose name, author or description holds `q`. */
  list(
    q: string,
    limit: number,
    cursor?: string | null
  ): Promise<ITemplatePage> {
    return this.requester.get(['templates'], {
      q,
      limit,
      cursor: cursor ?? undefined
    });
  }

  get(name: string): Promise<Template> {
    return this.requester.get(['templates', name]);
  }

  /** JSON Schema of the values. */
  schema(name: string): Promise<TemplateSchema> {
    return this.requester.get(['templates', name, 'schema']);
  }

  /** All versions, newest first; also of a template that was deleted. */
  async versions(name: string): Promise<Template[]> {
    const answer = await this.requester.get<{ versions: Template[] }>([
      'templates',
      name,
      'versions'
    ]);
    return answer.versions;
  }

  /** A unified diff of two versions as YAML; empty where they are equal. */
  async diff(name: string, from: number, to: number): Promise<string> {
    const answer = await this.requester.get<{ diff: string }>(
      ['templates', name, 'diff'],
      { from, to }
    );
    return answer.diff;
  }

  /** The newest version as a file holds it. */
  async yaml(name: string): Promise<string> {
    const url = this.requester.url(['templates', name, 'yaml']);
    return (await this.requester.send(url)).text();
  }

  /**
   * Store a new template.
   *
   * @throws RequestFailure - of kind `refused`, with all faults, also where the name is taken.
   */
  create(yaml: string): Promise<Template> {
    return this._write('POST', ['templates'], yaml);
  }

  /** Store the next version of a template. */
  update(name: string, yaml: string): Promise<Template> {
    return this._write('PUT', ['templates', name], yaml);
  }

  /** Take it off the list; its versions and its runs stay. */
  delete(name: string): Promise<void> {
    return this.requester.write('DELETE', ['templates', name]);
  }

  /** Make an earlier version the newest one, also of a template that was deleted. */
  restore(name: string, version: number): Promise<Template> {
    return this.requester.write('POST', ['templates', name, 'restore'], {
      version
    });
  }

  run(name: string, request: Partial<TemplateRunRequest>): Promise<Run> {
    return this.requester.write('POST', ['templates', name, 'runs'], request);
  }

  sweep(name: string, request: Partial<SweepRequest>): Promise<Run> {
    return this.requester.write('POST', ['templates', name, 'sweeps'], request);
  }

  /** A template of a run, which is not stored. */
  draft(runId: string): Promise<TemplateDraft> {
    return this.requester.write('POST', ['template-drafts'], { runId });
  }

  private async _write(
    method: 'POST' | 'PUT',
    segments: readonly string[],
    yaml: string
  ): Promise<Template> {
    const response = await this.requester.send(this.requester.url(segments), {
      method,
      body: yaml,
      headers: YAML
    });
    return (await response.json()) as Template;
  }
}
