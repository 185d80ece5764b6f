// Talks to the Jupyter server that served this page. Joined with the other .js files here into one ES module
// (run_status.py does it), so there are no imports between them.

/** The page's own Jupyter server, or null where the page is not a Jupyter server's (VS Code, Colab). */
function pageServer() {
  let config = {};
  try {
    config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
  } catch {
    // not JSON: not a Jupyter page
  }
  const base = config.baseUrl ?? document.body?.dataset?.baseUrl;
  // Set by our server extension where jupyter-server-proxy is there.
  const isProxy = config.jupyterExecProxy === "true";
  return base ? new Server(new URL(`${base.replace(/\/*$/, "")}/`, location.origin), config.token, isProxy) : null;
}

class Server {
  skew_ms = 0; // the server's clock minus ours: elapsed times are right on a laptop with a wrong clock

  constructor(base, token, isProxy = false) {
    Object.assign(this, { base, token, isProxy });
    this.api = new URL("jupyter-exec/v1/", base);
  }

  url(path) {
    return new URL(path, this.api).href;
  }

  /** Fetch below the API; throws an Error with `status` and the server's own message. */
  async request(path, options = {}) {
    const headers = { ...options.headers };
    const xsrf = document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/);
    if (xsrf) headers["X-XSRFToken"] = xsrf[1];
    if (this.token) headers.Authorization = `token ${this.token}`;
    const response = await fetch(this.url(path), {
      credentials: "same-origin",
      cache: "no-store",
      ...options,
      headers,
    });
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (date && Math.abs(date - Date.now()) > 3000) this.skew_ms = date - Date.now();
    if (!response.ok) {
      const body = await response.json().catch(() => ({}));
      const message = body.error?.message || body.message || response.statusText || "no answer";
      throw Object.assign(new Error(message), { status: response.status });
    }
    return response;
  }

  async json(path, options) {
    return (await this.request(path, options)).json();
  }

  post(path) {
    return this.json(path, {
      method: "POST",
      body: "{}",
      headers: { "Content-Type": "application/json" },
    });
  }
}

/**
 * Where the browser finds a page that a run serves: through the run's server, where that has a proxy; else at its own
 * address, which only a browser on the same machine reaches. "" for what is no address of a web page.
 */
function pageAddress(address, server) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return "";
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return "";
  const isHere = url.hostname === "127.0.0.1" || url.hostname === "localhost";
  if (!isHere || !url.port || !server?.isProxy) return url.href;
  return new URL(`proxy/${url.port}${url.pathname}${url.search}`, server.base).href;
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Resolve when the tab is looked at again: a hidden one holds no connection (a browser has six per server). */
function pageVisible() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => {
    const check = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", check);
      done();
    };
    document.addEventListener("visibilitychange", check);
  });
}

/** Read server-sent events from a response body; `heard` is called for every chunk, also for heartbeats. */
async function readEvents(body, heard, got) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) =>
        block
          .split(/\r?\n/)
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ""))
          .join("\n");
      if (field("data")) got(field("id"), JSON.parse(field("data")));
    }
  }
}

/** One stream of events for all status widgets of a page. */
class EventHub {
  #subscribers = new Map(); // handler -> run id
  #last = "";
  #running = false;

  constructor(server) {
    this.server = server;
  }

  /** Call `handler.event` for each event of the run, and `handler.sync` whenever some may have been missed. */
  subscribe(runId, handler) {
    this.#subscribers.set(handler, runId);
    if (!this.#running) void this.#listen();
    return () => {
      this.#subscribers.delete(handler);
      if (!this.#subscribers.size) this.abort?.abort();
    };
  }

  #got(id, event) {
    if (id) this.#last = id;
    for (const [handler, runId] of this.#subscribers) if (runId === event.runId) handler.event(event);
  }

  async #listen() {
    this.#running = true;
    let pause = 500;
    while (this.#subscribers.size) {
      await pageVisible();
      const abort = (this.abort = new AbortController());
      const hide = () => document.hidden && abort.abort();
      document.addEventListener("visibilitychange", hide);
      let watchdog;
      const heard = () => {
        pause = 500;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), 60_000);
      };
      try {
        const headers = { Accept: "text/event-stream" };
        if (this.#last) headers["Last-Event-ID"] = this.#last;
        const response = await this.server.request("events", { headers, signal: abort.signal });
        heard();
        for (const handler of this.#subscribers.keys()) handler.sync();
        await readEvents(response.body, heard, (id, event) => this.#got(id, event));
      } catch {
        // the connection is gone: try again below
      }
      clearTimeout(watchdog);
      document.removeEventListener("visibilitychange", hide);
      if (!this.#subscribers.size) break;
      await sleep(pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, 15_000);
    }
    this.#running = false;
    this.#last = ""; // whoever comes next reads the run first; the past is of no use
  }
}

/** The page's hub. Every widget model loads this module anew, so it is kept outside of the module. */
function eventHub(server) {
  return (globalThis[Symbol.for("jupyter-exec.events.1")] ??= new EventHub(server));
}
