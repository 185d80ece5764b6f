// The status of one run: state, time, progress, metrics, log, outputs, and the buttons. The page fetches all of it
// from its own server, so it goes on while the kernel is busy; where the page has no server the kernel pushes.

const LOOKS = {
  NotStarted: ["clock", "idle", "Not started"],
  Queued: ["clock", "idle", "Queued"],
  Preparing: ["spinner", "busy", "Preparing"],
  Starting: ["spinner", "busy", "Starting"],
  Running: ["spinner", "busy", "Running"],
  NotResponding: ["alert", "warn", "Not responding"],
  CancelRequested: ["spinner", "warn", "Canceling"],
  Finalizing: ["spinner", "busy", "Finalizing"],
  Completed: ["check", "good", "Completed"],
  Failed: ["cross", "bad", "Failed"],
  Canceled: ["slash", "idle", "Canceled"],
};
const ICONS = {
  clock: ["M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5", "M8 4.5V8l2.4 1.6"],
  spinner: ["M8 1.75a6.25 6.25 0 1 1-6.25 6.25"],
  alert: ["M8 2L14.5 13.5H1.5Z", "M8 6.5V9.5", "M8 11.4V11.6"],
  check: ["M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5", "M5.2 8.2L7.2 10.2L10.9 6"],
  cross: ["M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5", "M5.7 5.7L10.3 10.3M10.3 5.7L5.7 10.3"],
  slash: ["M8 1.75a6.25 6.25 0 1 1 0 12.5a6.25 6.25 0 1 1 0-12.5", "M3.8 12.2L12.2 3.8"],
};
const SHOWN_OUTPUTS = 8;
const SHOWN_METRICS = 8;

function make(tag, name, attributes = {}, ...children) {
  const node = document.createElement(tag);
  node.className = name.split(" ").map((part) => `jp-exec-${part}`).join(" ");
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function svg(name, viewBox, paths) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  node.setAttribute("viewBox", viewBox);
  node.setAttribute("class", `jp-exec-${name}`);
  node.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    node.append(path);
  }
  return node;
}

function clockTime(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

function sizeText(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let n = bytes ?? 0, unit = 0;
  while (n >= 1000 && unit < 4) [n, unit] = [n / 1024, unit + 1];
  return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

function numberText(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value ?? "–");
  const size = Math.abs(value);
  return size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** A line through the values, 60 by 16. */
function sparkline(values) {
  const points = values.map((v, i) => [i, v]).filter(([, v]) => Number.isFinite(v));
  if (points.length < 2) return "";
  const ys = points.map(([, v]) => v);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const x = (i) => ((i / (values.length - 1)) * 58 + 1).toFixed(1);
  const y = (v) => (high === low ? 8 : 14.5 - ((v - low) / (high - low)) * 13).toFixed(1);
  return svg("sparkline", "0 0 60 16", [`M${points.map(([i, v]) => `${x(i)} ${y(v)}`).join("L")}`]);
}

class StatusView {
  #drawn = {}; // part -> what it shows, so that only changes touch the page
  follows = true; // the log's end stays in view until somebody scrolls up

  constructor(el, actions) {
    this.actions = actions;
    this.icon = make("span", "status-icon");
    this.word = make("span", "status-word", { role: "status" });
    this.name = make("span", "status-name");
    this.time = make("span", "status-time", { "aria-label": "Elapsed time" });
    this.button = make("button", "status-button", { type: "button" });
    // The second click of a double click does nothing: "Cancel" may have become "Re-run" below the pointer.
    this.button.addEventListener("click", ({ detail }) => detail > 1 || this.#act());
    this.where = make("div", "status-where");
    this.pages = make("div", "status-pages", { role: "group", "aria-label": "Pages of the run" });
    this.fill = make("div", "status-fill");
    this.bar = make("div", "status-bar", { role: "progressbar", "aria-label": "Progress" }, this.fill);
    this.count = make("span", "status-count");
    this.progress = make("div", "status-progress", {}, this.bar, this.count);
    this.error = make("div", "status-error", { role: "alert" });
    this.metrics = make("div", "status-metrics", { role: "group", "aria-label": "Metrics" });
    this.earlier = make("div", "status-earlier");
    this.log = make("pre", "status-log", { role: "log", tabindex: "0", "aria-live": "off", "aria-label": "Log" });
    this.log.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.log;
      this.follows = scrollTop + clientHeight > scrollHeight - 8;
    });
    this.outputs = make("div", "status-outputs", { role: "group", "aria-label": "Outputs" });
    // Lab's shortcuts for cells (Enter, Space, d d) must not take the keys from the buttons and links.
    const head = make("div", "status-head", {}, this.icon, this.word, this.name, this.time, this.button);
    this.card = make("section", "status", { "data-lm-suppress-shortcuts": "true" }, head, this.where, this.pages);
    this.card.append(this.error, this.progress, this.metrics, this.earlier, this.log, this.outputs);
    el.append(this.card);
  }

  async #act() {
    // Not `disabled`, which would take the focus from who uses the keyboard.
    if (this.button.getAttribute("aria-disabled") === "true") return;
    this.button.setAttribute("aria-disabled", "true");
    try {
      await (this.ended ? this.actions.rerun() : this.actions.cancel());
      this.note("");
    } catch (error) {
      this.note(error.message);
    }
    this.button.setAttribute("aria-disabled", "false");
  }

  /** Show what went wrong with the widget itself (a button that failed), apart from the run. */
  note(text) {
    this.noted = text;
    this.draw(this.state);
  }

  /** Fill a part if what it shows has changed; `content` is a list of nodes and strings. */
  #part(name, key, content) {
    const text = JSON.stringify(key);
    if (this.#drawn[name] === text) return;
    this.#drawn[name] = text;
    const nodes = content().filter((node) => node !== "");
    this[name].replaceChildren(...nodes);
    this[name].hidden = !nodes.length;
  }

  draw(state) {
    this.state = state;
    const run = state.run ?? {};
    const [icon, tone, label] = LOOKS[run.status] ?? ["clock", "idle", run.status || "Unknown"];
    this.ended = hasEnded(run);
    this.card.dataset.tone = tone;
    this.card.dataset.status = run.status ?? "";
    this.card.setAttribute("aria-label", `Run ${run.displayName ?? ""}`);
    const place = run.status === "Queued" && run.queuePosition ? `Queued, number ${run.queuePosition}` : label;
    this.#part("icon", icon, () => [svg(`icon-${icon}`, "0 0 16 16", ICONS[icon])]);
    this.#part("word", place, () => [place]);
    this.#part("name", run.displayName, () => [run.displayName ?? ""]);
    this.name.title = run.displayName ?? "";
    // Ids that the server makes begin with the experiment.
    const experiment = run.runId?.startsWith(run.experiment) ? "" : run.experiment;
    const where = [experiment, run.runId, run.target && `on ${run.target}`].filter(Boolean);
    if (run.attempt > 1) where.push(`attempt ${run.attempt}`);
    this.#part("where", where, () => where.map((text) => make("span", "status-fact", {}, text)));
    this.#pages(run);
    this.#button(run);
    this.#progress(run);
    this.#error(run);
    this.#metrics(state.metrics ?? {});
    this.#log(state);
    this.#outputs(state.outputs ?? []);
    this.tick();
  }

  /** Show the elapsed time: since the start, or since it waits. */
  tick() {
    const run = this.state?.run ?? {};
    const from = Date.parse(run.startedAt ?? run.createdAt);
    const to = this.ended ? Date.parse(run.endedAt) : Date.now() + this.actions.skew_ms();
    this.time.textContent = from && to ? clockTime(to - from) : "";
  }

  #button(run) {
    const word = this.ended ? "Re-run" : "Cancel";
    this.#part("button", [word, run.displayName, this.actions.able()], () => [word]);
    this.button.setAttribute("aria-label", `${word} run ${run.displayName ?? ""}`);
    this.button.hidden = !this.actions.able() || run.status === "CancelRequested";
  }

  /** Links to the web pages that a run serves while it goes on, such as Spark's. */
  #pages(run) {
    const found = this.ended ? [] : Object.entries(run.pages ?? {});
    const links = found.map(([title, address]) => [title, this.actions.pageUrl(address)]).filter(([, url]) => url);
    this.#part("pages", links, () =>
      links.map(([title, href]) =>
        make("a", "status-page", { href, target: "_blank", rel: "noopener noreferrer" }, title),
      ),
    );
  }

  #progress({ progress, status }) {
    const { done, total } = progress ?? {};
    const label = progress?.label ?? ""; // the server says null where there is none
    // "0 of 1", which every single cell reports, tells nothing.
    this.progress.hidden = !total || status === "Completed" || (total === 1 && Number.isInteger(done));
    if (this.progress.hidden) return;
    const percent = Math.round(Math.min(1, Math.max(0, done / total)) * 100);
    this.fill.style.width = `${percent}%`;
    this.bar.setAttribute("aria-valuenow", percent);
    const text = /\d/.test(label) ? label : `${numberText(done)} / ${numberText(total)} ${label}`.trim();
    this.bar.setAttribute("aria-valuetext", text);
    this.#part("count", text, () => [text]);
    this.count.title = text;
  }

  #error({ status, error, exitCode }) {
    let text = status === "Failed" || error ? error?.message || "The run failed." : "";
    const code = typeof exitCode === "number" && exitCode !== 0 ? `exit code ${exitCode}` : "";
    if (text && code && !text.toLowerCase().includes(code)) text += ` (${code})`;
    if (status === "Canceled") text = "";
    const lines = [text, this.noted].filter(Boolean);
    this.#part("error", lines, () => lines.map((line) => make("div", "status-cause", {}, line)));
  }

  #metrics(metrics) {
    const all = Object.keys(metrics);
    const names = all.slice(0, SHOWN_METRICS);
    const more = all.length - names.length;
    this.#part("metrics", [more, ...names.map((name) => [name, metrics[name]])], () => [
      ...names.map((name) => {
        const values = metrics[name];
        const value = make("span", "metric-value", {}, numberText(values[values.length - 1]));
        return make("div", "metric", {}, make("span", "metric-name", {}, name), value, sparkline(values));
      }),
      more ? make("span", "status-label", { title: all.slice(SHOWN_METRICS).join(", ") }, `+${more} more`) : "",
    ]);
  }

  #log({ log, logName, cut }) {
    const text = log ?? "";
    const url = logName && this.actions.logUrl(logName);
    const full = () =>
      url ? make("a", "status-full", { href: url, target: "_blank", rel: "noopener" }, "full log") : "full log";
    this.#part("earlier", [cut, url], () => (cut ? ["earlier lines are in the ", full()] : []));
    this.#part("log", text, () => (text.trim() ? [ansiFragment(text.replace(/\s+$/, ""))] : []));
    if (this.follows) this.log.scrollTop = this.log.scrollHeight;
  }

  #outputs(outputs) {
    const url = this.actions.outputUrl;
    const link = (path, text, title) => {
      if (!url(path)) return make("span", "output", { title }, text);
      return make("a", "output", { href: url(path), target: "_blank", rel: "noopener", title }, text);
    };
    this.#part("outputs", [outputs, url("")], () => {
      if (!outputs.length) return [];
      const some = outputs.slice(0, SHOWN_OUTPUTS);
      const nodes = some.map(({ path, sizeBytes }) => {
        const size = make("span", "output-size", {}, sizeText(sizeBytes));
        const node = link(path, path, `${path}, ${sizeText(sizeBytes)}`);
        node.append(size);
        return node;
      });
      const more = outputs.length - some.length;
      if (more || (outputs.length > 1 && url(""))) nodes.push(link("", more ? `${more} more (zip)` : "all (zip)", "All outputs"));
      return [make("span", "status-label", {}, "Outputs"), ...nodes];
    });
  }
}
