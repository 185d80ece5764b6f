// A field for a secret. What is typed goes to the kernel as a message, never into the state that notebooks save.

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
  const type = () => model.send({ type: "typed", value: input.value });
  const clear = ({ type }) => {
    if (type === "clear") input.value = "";
    hint();
  };
  input.addEventListener("input", type);
  model.on("msg:custom", clear);
  model.on("change:filled", hint);
  hint();
  el.classList.add("jp-exec-form-secret");
  el.append(label, input);
  return () => {
    model.off("msg:custom", clear);
    model.off("change:filled", hint);
  };
}

export default { render };
