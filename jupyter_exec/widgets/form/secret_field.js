// A field for a secret. What is typed goes to the kernel as a message, never into the state that notebooks save.
// Each message has the whole text and its number; the kernel takes the newest of a page, and answers. A kernel with
// subshells may hear a click on Run before what was typed before it, so a click waits for the answer.

let count = 0;

function render({ model, el }) {
  const label = document.createElement("label");
  label.className = "widget-label jp-exec-form-label";
  label.textContent = model.get("description");
  label.title = model.get("tooltip");
  label.htmlFor = `jp-exec-secret-${Date.now()}-${count++}`;
  const input = document.createElement("input");
  input.id = label.htmlFor;
  input.type = "password";
  input.autocomplete = "new-password";
  input.spellcheck = false;
  const hint = () => (input.placeholder = model.get("filled") && !input.value ? "•••••••• (kept until a run starts)" : "");
  const page = `${Date.now()}-${Math.random()}`;
  let sent = 0;
  let heard = 0;
  let known = "";
  let waiting = null;
  const busy = () => input.setAttribute("aria-busy", String(heard < sent));
  const type = () => {
    known = input.value;
    model.send({ type: "typed", value: known, page, count: ++sent });
    busy();
  };
  // What came without an "input" event, as from some password managers, goes out before Run is clicked.
  const flush = () => {
    if (input.value !== known) type();
  };
  const listen = (message) => {
    // What was typed since then is on its way to the kernel, and stays.
    if (message.type === "clear" && !(message.page === page && message.count < sent)) known = input.value = "";
    if (message.type === "heard" && message.page === page) heard = Math.max(heard, message.count);
    busy();
    hint();
    if (waiting && heard >= sent) {
      const button = waiting;
      waiting = null;
      button.click();
    }
  };
  const hold = (event) => {
    const button = event.target.closest?.(".jp-exec-form-run");
    if (!button || button.closest(".jp-exec-form") !== el.closest(".jp-exec-form")) return;
    flush();
    if (heard >= sent) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    waiting = button;
  };
  input.addEventListener("input", type);
  input.addEventListener("change", flush);
  input.addEventListener("blur", flush);
  document.addEventListener("click", hold, true);
  model.on("msg:custom", listen);
  model.on("change:filled", hint);
  hint();
  el.classList.add("jp-exec-form-secret");
  el.append(label, input);
  return () => {
    document.removeEventListener("click", hold, true);
    model.off("msg:custom", listen);
    model.off("change:filled", hint);
  };
}

export default { render };
