// Keeps what is known of one run up to date from the page's server. `state` is {run, metrics, outputs, log,
// logName, cut}; `cut` tells that the log has earlier lines.

const ENDED = new Set(["Completed", "Failed", "Canceled"]);
const LOG_CHARS = 65_536;
const LOG_STEP = 131_072;
const POINTS = 60;

const hasEnded = (run) => ENDED.has(run?.status);

function addMetric(metrics, name, value) {
  const values = [...(metrics[name] ?? []), value].slice(-POINTS);
  return { ...metrics, [name]: values };
}

/** Fold one event of the stream into a state; a run that has ended stays as it is. */
function applyEvent(state, event) {
  const run = state.run ?? {};
  if (event.type === "state" && !hasEnded(run)) {
    const { status, startedAt, endedAt, exitCode, error, attempt, pages = {} } = event; // not there if empty
    const known = Object.entries({ status, startedAt, endedAt, exitCode, error, attempt, pages });
    return { ...state, run: { ...run, ...Object.fromEntries(known.filter(([, v]) => v !== undefined)) } };
  }
  if (event.type === "progress") return { ...state, run: { ...run, progress: event.progress } };
  if (event.type === "metrics") {
    let metrics = state.metrics ?? {};
    for (const { name, value } of event.metrics ?? []) metrics = addMetric(metrics, name, value);
    return { ...state, metrics };
  }
  return state;
}

/** Follows one run. `changed(state)` is called with every news; `lost()` once, if this server has no such run. */
class Follower {
  visible = true;
  #stopped = false;

  constructor(server, runId, state, { changed, lost }) {
    Object.assign(this, { server, runId, state, changed, lost });
    this.path = `runs/${encodeURIComponent(runId)}`;
  }

  async start() {
    for (let pause = 1000; !this.#stopped; pause = Math.min(pause * 2, 15_000)) {
      try {
        await this.#load();
        break;
      } catch (error) {
        if (error.status >= 400 && error.status < 500) return this.#stopped || this.lost();
        await sleep(pause); // the server restarts, or the network is away
      }
    }
    if (this.#stopped) return;
    void this.#tail();
    if (hasEnded(this.state.run)) return;
    this.unsubscribe = eventHub(this.server).subscribe(this.runId, {
      event: (event) => this.#event(event),
      sync: () => this.sync(),
    });
    this.sync(); // what happened since the first look
    void this.#watchQueue();
  }

  stop() {
    this.#stopped = true;
    this.unsubscribe?.();
  }

  /** Read the run anew; called when events may have been missed. */
  sync() {
    this.#load().catch(() => undefined);
  }

  #update(change) {
    if (this.#stopped) return;
    this.state = { ...this.state, ...change };
    if (hasEnded(this.state.run)) this.unsubscribe?.();
    this.changed(this.state);
  }

  async #load() {
    const run = await this.server.json(this.path);
    this.#update({ run });
    const [metrics, outputs] = await Promise.all([
      this.server.json(`${this.path}/metrics`).catch(() => null),
      hasEnded(run) ? this.server.json(`${this.path}/outputs`).catch(() => null) : null,
    ]);
    const change = {};
    if (metrics) {
      const last = ([name, points]) => [name, points.slice(-POINTS).map((point) => point.value)];
      change.metrics = Object.fromEntries(Object.entries(metrics.metrics).map(last));
    }
    if (outputs) change.outputs = outputs.outputs;
    this.#update(change);
  }

  #event(event) {
    const before = this.state.run?.status;
    this.#update(applyEvent(this.state, event));
    if (!hasEnded({ status: before }) && hasEnded(this.state.run)) this.sync();
  }

  /** The place in the queue is no event: others moving up does not concern the run itself. */
  async #watchQueue() {
    while (!this.#stopped && ["NotStarted", "Queued"].includes(this.state.run?.status)) {
      await sleep(3000);
      await pageVisible();
      if (this.state.run?.status === "Queued") this.sync();
    }
  }

  async #logName() {
    const { logs } = await this.server.json(`${this.path}/logs`);
    const first = logs.filter((log) => log.role && !log.index).sort((a, b) => b.attempt - a.attempt)[0];
    return (first ?? logs[0])?.name ?? null;
  }

  /**
   * Read the log's new bytes as long as the run goes: short requests, quicker while it grows. A connection that
   * stays open for each widget would use up the six that a browser has for a server, and Lab would hang.
   */
  async #tail() {
    // `fresh`: what comes next takes the place of what is shown.
    let offset = -LOG_CHARS, name = null, decoder, key = "", pause = 400, fresh = true;
    while (!this.#stopped) {
      const { status, attempt } = this.state.run ?? {};
      const last = hasEnded({ status }); // known before the request, so that the last read is after the end
      let read = 0;
      try {
        if (key !== `${status} ${attempt}` || !name) {
          key = `${status} ${attempt}`;
          const found = await this.#logName();
          if (found !== name) {
            [name, offset, decoder, fresh] = [found, -LOG_CHARS, new TextDecoder(), true];
          }
        }
        if (name) {
          const query = `${this.path}/logs/${encodeURIComponent(name)}?offset=${offset}&limit=${LOG_STEP}`;
          const response = await this.server.request(query);
          const bytes = new Uint8Array(await response.arrayBuffer());
          read = bytes.length;
          const begin = Number(response.headers.get("X-Log-Offset") ?? Math.max(offset, 0));
          const size = Number(response.headers.get("X-Log-Size") ?? 0);
          if (read) {
            const text = decoder.decode(bytes, { stream: true });
            // Its end begins somewhere in a line.
            const whole = fresh && begin > 0 ? text.slice(text.indexOf("\n") + 1) : text;
            const grown = (fresh ? "" : this.state.log) + whole;
            const log = keepTail(grown);
            const cut = fresh ? begin > 0 : this.state.cut;
            this.#update({ log, logName: name, cut: cut || log.length < grown.length });
            fresh = false;
          }
          offset = begin + read;
          // It writes faster than anybody reads: go on at its end.
          if (size - offset > LOG_STEP) [offset, decoder, fresh] = [-LOG_CHARS, new TextDecoder(), true];
        }
      } catch (error) {
        if (error.status === 404) name = null;
      }
      if (last && read < LOG_STEP) return;
      pause = read ? 300 : Math.min(pause * 1.5, 2000);
      await sleep(pause);
      do await (this.visible ? pageVisible() : sleep(500));
      while (!this.visible && !this.#stopped);
    }
  }
}

/** The end of a text, from the beginning of a line. */
function keepTail(text) {
  if (text.length <= LOG_CHARS) return text;
  const tail = text.slice(-LOG_CHARS);
  const line = tail.indexOf("\n");
  return line < 0 ? tail : tail.slice(line + 1);
}
